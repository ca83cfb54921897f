"""Reading the bits that are hidden in a picture, whoever hid them."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from models.watermark.carrier import u_of_bytes, u_of_floats, used_size, votes
from models.watermark.message import Bits

MATCH_BY_LUCK = 1e-5  # how probable it may be that a picture without a watermark is taken for one with it


class Reading(NamedTuple):
    """What a picture seems to carry."""

    bits: Bits
    clearness: float  # how much the blocks agree about each bit: 0 not at all .. 1 all


def readings(picture: Tensor, length: int) -> list[Reading]:
    """The messages of `length` bits that a picture [H, W, 3 or 4] in 0 .. 1 may carry, the usual way to write first.

    The library, and so the pipelines that use it, write in two ways that differ in the middle of the colour difference:
    into 8-bit pixels, and (diffusers, Stability AI's own) into numbers with fractions before they are rounded. The
    second, read as the first, shows opposite bits where there is little blue. So there are three readings.
    """
    height, width = used_size(*picture.shape[:2])
    pixels = picture[None, :height, :width, :3].float().mul(255).clamp(0, 255).floor()
    as_bytes = _read(votes(u_of_bytes(pixels)), length)
    as_floats = _read(votes(u_of_floats(pixels)), length)
    opposite = Reading(tuple(1 - bit for bit in as_bytes.bits), as_bytes.clearness)
    return [as_bytes, as_floats, opposite]


def _read(shown: Tensor, length: int) -> Reading:
    """The majority for each bit among the blocks' votes [1, blocks]."""
    ones = torch.zeros(length).index_add_(0, torch.arange(shown.shape[1]) % length, shown[0].float())
    counts = torch.bincount(torch.arange(shown.shape[1]) % length, minlength=length).clamp(min=1)
    shares = ones / counts
    return Reading(tuple(int(share > 0.5) for share in shares), float((2 * shares - 1).abs().mean()))


def matching(bits: Bits, expected: Bits) -> int:
    """How many bits are as expected."""
    return sum(one == other for one, other in zip(bits, expected, strict=True))
