"""CLIP's byte-pair tokenizer (Radford et al. 2021, "Learning Transferable Visual Models"), from the shipped merges.

Built on the `tokenizers` library, so that ids equal those of `transformers.CLIPTokenizer`: NFC, white space folded,
lower case, then letters, single digits and runs of signs are split apart and merged pair by pair.
"""

from __future__ import annotations

import gzip
from pathlib import Path

from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import BPE

START = "<|startoftext|>"
END = "<|endoftext|>"
START_ID = 49406
END_ID = 49407

_MERGES_FILE = Path(__file__).with_name("data") / "clip_bpe.txt.gz"
_WORD_END = "</w>"
_PRINTABLE = (*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100))  # bytes that are their own letters
_WORDS = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


class ClipTokenizer:
    """Turns text into ids 0..49407. Loading takes some 70 ms; one instance serves every text encoder."""

    def __init__(self) -> None:
        names, merges = vocabulary()
        tokenizer = Tokenizer(
            BPE(
                vocab={name: number for number, name in enumerate(names)},
                merges=merges,
                continuing_subword_prefix="",
                end_of_word_suffix=_WORD_END,
                fuse_unk=False,
                unk_token=END,
            )
        )
        tokenizer.normalizer = normalizers.Sequence(
            [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
        )
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(_WORDS), behavior="removed", invert=True),
                pre_tokenizers.ByteLevel(add_prefix_space=False),
            ]
        )
        tokenizer.add_special_tokens([START, END])
        self._tokenizer = tokenizer

    def ids(self, text: str) -> list[int]:
        """Ids of the text's tokens, without start and end."""
        return self._tokenizer.encode(_encodable(text), add_special_tokens=False).ids

    def word(self, number: int) -> str:
        """The text that an id stands for; of a piece of a word that goes on with a "-" behind it; "" of no id."""
        name = self._tokenizer.id_to_token(number) if 0 <= number <= END_ID else None
        if name is None or number in (START_ID, END_ID):
            return name or ""
        bytes_of = {letter: byte for byte, letter in zip(_byte_order(), _byte_letters(), strict=True)}
        ends = name.endswith(_WORD_END)
        text = bytes(bytes_of[letter] for letter in name.removesuffix(_WORD_END)).decode("utf-8", "replace")
        return text if ends else f"{text}-"


def vocabulary() -> tuple[list[str], list[tuple[str, str]]]:
    """All 49408 tokens in the order of their ids, and the merges that make the longer ones of shorter."""
    lines = gzip.decompress(_MERGES_FILE.read_bytes()).decode().splitlines()
    merges = [(first, second) for first, _, second in (line.partition(" ") for line in lines)]
    letters = _byte_letters()
    return [*letters, *(letter + _WORD_END for letter in letters), *map("".join, merges), START, END], merges


def _encodable(text: str) -> str:
    """The text with lone surrogates (which JSON can carry, but UTF-8 cannot) replaced by U+FFFD."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace") if not text.isascii() else text


def _byte_letters() -> list[str]:
    """A visible letter for each of the 256 bytes, in the order of the vocabulary: printable Latin-1 first."""
    return [chr(byte) for byte in _PRINTABLE] + [chr(0x100 + index) for index in range(256 - len(_PRINTABLE))]


def _byte_order() -> list[int]:
    """The bytes that those letters stand for."""
    return [*_PRINTABLE, *(byte for byte in range(256) if byte not in set(_PRINTABLE))]
