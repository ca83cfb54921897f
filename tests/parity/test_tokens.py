"""Token ids and weights against the golden ones and against `transformers`' own tokenizer."""

import gzip
import json
import random
from pathlib import Path

import pytest

from models.sdxl.prompt_tokens import PromptTokenizer
from models.sdxl.text_encoder import hide_broken_torchvision
from models.sdxl.tokenizer import END_ID, START_ID, ClipTokenizer

GOLDEN = Path(__file__).parents[2] / "../shared/reference/golden/math/tokens.json"
MERGES = Path(__file__).parents[2] / "models/sdxl/data/clip_bpe.txt.gz"

if not GOLDEN.exists():
    pytest.skip("the reference data (../shared) are absent", allow_module_level=True)


@pytest.fixture(scope="module")
def tokenizer() -> ClipTokenizer:
    return ClipTokenizer()


@pytest.mark.parametrize("case", json.loads(GOLDEN.read_text("utf-8")), ids=lambda case: case["text"][:40])
@pytest.mark.parametrize(("encoder", "pad"), [("l", END_ID), ("g", 0)])
def test_golden_tokens(tokenizer, case, encoder, pad):
    warnings = []
    chunks = PromptTokenizer(tokenizer, pad).chunks(case["text"], warnings.append)
    assert [[list(token) for token in chunk] for chunk in chunks] == case[encoder]
    assert not warnings


@pytest.fixture(scope="module")
def reference(tokenizer):
    hide_broken_torchvision()
    from transformers import CLIPTokenizer

    vocabulary = tokenizer._tokenizer.get_vocab(with_added_tokens=False)
    merges = [tuple(line.split(" ")) for line in gzip.decompress(MERGES.read_bytes()).decode().splitlines()]
    return CLIPTokenizer(vocab=vocabulary, merges=merges)


def test_every_ascii_and_latin_1_character(tokenizer, reference):
    for code in range(1, 256):
        text = f"a{chr(code)}b {chr(code)} {chr(code) * 3}"
        assert [START_ID, *tokenizer.ids(text), END_ID] == reference(text)["input_ids"], repr(text)


def test_random_texts(tokenizer, reference):
    chance = random.Random(7)
    letters = [
        *map(chr, range(32, 127)),
        *map(chr, range(160, 256)),
        *" \n\t'sst  ",
        "İ",
        "Σ",
        "ß",
        "東",
        "🚀",
        "\u0301",
    ]
    for _ in range(500):
        text = "".join(chance.choices(letters, k=chance.randrange(60)))
        assert [START_ID, *tokenizer.ids(text), END_ID] == reference(text)["input_ids"], repr(text)
