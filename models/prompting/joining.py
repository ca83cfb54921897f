"""The words BREAK and AND between the parts of a prompt, as A1111 reads them."""

from __future__ import annotations

import re
from typing import NamedTuple

_BREAK = re.compile(r"\s*\bBREAK\b\s*")
_AND = re.compile(r"\bAND\b(?!_)")
_WEIGHT = re.compile(r"^(.*?)(?:\s*:\s*(-?\d*\.?\d+))?\s*$", re.DOTALL)


class Weighted(NamedTuple):
    """A prompt among several that are followed at once."""

    text: str
    weight: float


def chunks_of(prompt: str) -> list[str]:
    """The parts between BREAKs, each of which the text encoders read by itself; at least one."""
    return _BREAK.split(prompt)


def prompts_of(prompt: str) -> list[Weighted]:
    """The prompts between ANDs; a number at the end of one is its weight: `a fox AND the sea :0.5`."""
    texts = _AND.split(prompt)
    if len(texts) == 1:
        return [Weighted(prompt, 1.0)]
    return [_weighted(text) for text in texts]


def _weighted(text: str) -> Weighted:
    found = _WEIGHT.match(text.strip())
    assert found is not None  # it matches everything
    return Weighted(found[1].strip(), float(found[2]) if found[2] else 1.0)
