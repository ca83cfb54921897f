"""Text encoders against `transformers` on the same weights, and against the golden conditioning at full size."""

import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from models.checkpoint import load_checkpoint, load_clip
from models.memory import DeviceMemory
from models.sdxl.text import TextError
from models.sdxl.tokenizer import END_ID
from tests.models.small_models import make, relative

GOLDEN = Path(__file__).parents[2] / "../shared/reference/golden"
FULL_SIZE = os.environ.get("WEFT_FULL_SIZE_CHECKPOINT")
PROMPT = "a red circle, on a blue background"


def load(family, folder):
    reference = make(family)
    path = reference.save(folder / f"{family}.safetensors")
    return reference, load_checkpoint(path, DeviceMemory.choose("cpu")).clip


@pytest.fixture(scope="module")
def sdxl(tmp_path_factory):
    return load("sdxl", tmp_path_factory.mktemp("sdxl"))


def states(model, chunk):
    """Hidden states after each layer, and the outputs, that `transformers` computes for one chunk."""
    ids = torch.tensor([[token for token, _ in chunk]])
    with torch.no_grad():
        return model(input_ids=ids, output_hidden_states=True)


def test_sdxl_takes_both_penultimate_states(sdxl):
    reference, clip = sdxl
    tokens = clip.tokenize(PROMPT)
    cond, pooled = clip.encode(tokens)
    of_l, of_g = (states(reference.texts[name], tokens[name][0]) for name in "lg")
    assert relative(cond, torch.cat([of_l.hidden_states[-2], of_g.hidden_states[-2]], dim=-1)) < 1e-5
    assert relative(pooled, of_g.text_embeds) < 1e-5
    assert cond.dtype == pooled.dtype == torch.float32


@pytest.mark.parametrize("layer", [-1, -2, -3])
def test_sdxl_clip_skip_has_no_final_norm(sdxl, layer):
    reference, clip = sdxl
    tokens = clip.tokenize(PROMPT)
    cond, pooled = clip.with_layer(layer).encode(tokens)
    of_l, of_g = (states(reference.texts[name], tokens[name][0]) for name in "lg")
    assert relative(cond, torch.cat([of_l.hidden_states[layer], of_g.hidden_states[layer]], dim=-1)) < 1e-5
    assert relative(pooled, of_g.text_embeds) < 1e-5


def test_a_layer_beyond_the_depth_is_the_last_one_normalised(sdxl):
    reference, clip = sdxl
    tokens = clip.tokenize(PROMPT)
    cond, _ = clip.with_layer(-4).encode(tokens)  # encoder l has 3 layers, g has 4
    of_l, of_g = (states(reference.texts[name], tokens[name][0]) for name in "lg")
    assert relative(cond, torch.cat([of_l.last_hidden_state, of_g.hidden_states[-4]], dim=-1)) < 1e-5


def test_refiner(tmp_path):
    reference, clip = load("sdxl_refiner", tmp_path)
    tokens = clip.tokenize(PROMPT)
    cond, pooled = clip.encode(tokens)
    wanted = states(reference.texts["g"], tokens["g"][0])
    assert relative(cond, wanted.hidden_states[-2]) < 1e-5
    assert relative(pooled, wanted.text_embeds) < 1e-5


def test_sd15_takes_the_last_state_and_norms_every_state(tmp_path):
    reference, clip = load("sd15", tmp_path)
    tokens = clip.tokenize(PROMPT)
    wanted = states(reference.texts["l"], tokens["l"][0])
    norm = reference.texts["l"].text_model.final_layer_norm
    assert relative(clip.encode(tokens).cond, wanted.last_hidden_state) < 1e-5
    assert relative(clip.with_layer(-2).encode(tokens).cond, norm(wanted.hidden_states[-2])) < 1e-5


def test_sd21_takes_the_penultimate_state_and_norms_it(tmp_path):
    reference, clip = load("sd21", tmp_path)
    tokens = clip.tokenize(PROMPT)
    wanted = states(reference.texts["h"], tokens["h"][0])
    norm = reference.texts["h"].text_model.final_layer_norm
    assert relative(clip.encode(tokens).cond, norm(wanted.hidden_states[-2])) < 1e-5


def test_weights_move_states_away_from_the_empty_prompt(sdxl):
    _, clip = sdxl
    plain = clip.encode_text("a fox").cond
    empty = clip.encode_text("").cond
    weighted = clip.encode_text("a (fox:1.5)").cond
    wanted = plain.clone()
    wanted[:, 2] = empty[:, 2] + 1.5 * (plain[:, 2] - empty[:, 2])
    assert relative(weighted, wanted) < 1e-6
    assert relative(weighted, plain) > 1e-3


def test_a_long_prompt_is_several_chunks_side_by_side(sdxl):
    _, clip = sdxl
    text = " ".join(["fox"] * 800)  # 11 chunks, more than are encoded at once
    tokens = clip.tokenize(text)
    cond, pooled = clip.encode(tokens)
    assert cond.shape[1] == 77 * 11
    last = clip.encode({name: chunks[-1:] for name, chunks in tokens.items()})
    assert relative(cond[:, -77:], last.cond) < 1e-5
    first = clip.encode({name: chunks[:1] for name, chunks in tokens.items()})
    assert relative(pooled, first.pooled) < 1e-5


def test_a_text_for_each_encoder(sdxl):
    _, clip = sdxl
    apart = clip.encode(clip.tokenize_each({"g": "a fox", "l": "a hen " * 60}))
    assert apart.cond.shape[1] == 154
    assert torch.allclose(apart.cond[:, :77, 64:], clip.encode_text("a fox").cond[..., 64:], atol=1e-5)
    assert torch.allclose(apart.cond[:, 77:, 64:], clip.encode_text("").cond[..., 64:], atol=1e-5)
    assert torch.allclose(apart.cond[..., :64], clip.encode_text("a hen " * 60).cond[..., :64], atol=1e-5)
    with pytest.raises(TextError, match="g, l"):
        clip.tokenize_each({"g": "a fox"})


class OneEmbedding:
    """An embedding `here` that is the token that it is made of."""

    def __init__(self, texts):
        self.texts = texts

    def vectors(self, name, encoder, width):
        if name != "here":
            return None
        return self.texts[encoder].text_model.embeddings.token_embedding.weight[[3240]]


def test_a_learned_vector_stands_for_a_token(sdxl):
    reference, clip = sdxl
    word = {"l": [[(49406, 1.0), (3240, 1.0), (END_ID, 1.0), *[(END_ID, 1.0)] * 74]]}
    word["g"] = [[*word["l"][0][:3], *[(0, 1.0)] * 74]]
    wanted = clip.encode(word)
    found = clip.with_embeddings(OneEmbedding(reference.texts)).encode_text("embedding:here")
    assert relative(found.cond, wanted.cond) < 1e-6
    assert relative(found.pooled, wanted.pooled) < 1e-6


needs_full_size = pytest.mark.skipif(
    not (FULL_SIZE and GOLDEN.exists()),
    reason="WEFT_FULL_SIZE_CHECKPOINT does not name the seeded SDXL checkpoint, or ../shared is absent",
)


@pytest.fixture(scope="module")
def full_size():
    return load_clip([Path(FULL_SIZE)], DeviceMemory.choose("cpu"))


def cases():
    return json.loads((GOLDEN / "text/cases.json").read_text("utf-8")) if GOLDEN.exists() else []


# the golden files are float16, which alone makes 2e-4
@pytest.mark.slow
@needs_full_size
@pytest.mark.parametrize("case", cases(), ids=lambda case: case["name"])
def test_golden_texts(full_size, case):
    golden = load_file(GOLDEN / f"text/{case['name']}.safetensors")
    cond, pooled = full_size.with_layer(case["stop_at_clip_layer"]).encode_text(case["text"])
    assert relative(cond.half(), golden["cond.0"]) < 1e-4
    assert relative(pooled.half(), golden["pooled_output.0"]) < 1e-4


@pytest.mark.slow
@needs_full_size
@pytest.mark.parametrize("workflow", ["clip_sdxl", "t2i_euler"])
@pytest.mark.parametrize(("node", "name"), [("6", "positive"), ("7", "negative")])
def test_golden_conditioning_of_workflows(full_size, workflow, node, name):
    inputs = json.loads((GOLDEN / f"prompts/{workflow}.json").read_text("utf-8"))[node]["inputs"]
    golden = load_file(GOLDEN / f"{workflow}/{name}.safetensors")
    if "text_g" in inputs:
        tokens = full_size.tokenize_each({"g": inputs["text_g"], "l": inputs["text_l"]})
    else:
        tokens = full_size.tokenize(inputs["text"])
    cond, pooled = full_size.encode(tokens)
    assert relative(cond.half(), golden["cond.0"]) < 1e-4
    assert relative(pooled.half(), golden["pooled_output.0"]) < 1e-4
