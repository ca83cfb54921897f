"""A strength for each block of the denoising network, as people share them: `1,0,0,0.5,...` or a preset's name.

Blocks are named as in official files: IN00 is `input_blocks.0`, MID the `middle_block`, OUT00 `output_blocks.0`. BASE
stands for the text encoders and for what of the network is in no block. The list's length says which blocks it names:

    12  SDXL's blocks with attention: BASE IN04 IN05 IN07 IN08 MID OUT00 to OUT05
    17  those of Stable Diffusion 1.x and 2.x: BASE IN01 IN02 IN04 IN05 IN07 IN08 MID OUT03 to OUT11
    20  all blocks of SDXL: BASE IN00 to IN08 MID OUT00 to OUT08
    26  all blocks of Stable Diffusion 1.x and 2.x: BASE IN00 to IN11 MID OUT00 to OUT11

A block that a short list leaves out is as the next one towards the middle that it names.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


def _names(prefix: str, numbers: Sequence[int]) -> tuple[str, ...]:
    return tuple(f"{prefix}{number:02}" for number in numbers)


LAYOUTS: Mapping[int, tuple[str, ...]] = {
    12: ("BASE", *_names("IN", (4, 5, 7, 8)), "MID", *_names("OUT", range(6))),
    17: ("BASE", *_names("IN", (1, 2, 4, 5, 7, 8)), "MID", *_names("OUT", range(3, 12))),
    20: ("BASE", *_names("IN", range(9)), "MID", *_names("OUT", range(9))),
    26: ("BASE", *_names("IN", range(12)), "MID", *_names("OUT", range(12))),
}

PRESETS: Mapping[str, str] = {
    "ALL": "1,1,1,1,1,1,1,1,1,1,1,1",
    "NONE": "0,0,0,0,0,0,0,0,0,0,0,0",
    "INS": "1,1,1,0,0,0,0,0,0,0,0,0",
    "IND": "1,0,0,1,1,0,0,0,0,0,0,0",
    "INALL": "1,1,1,1,1,0,0,0,0,0,0,0",
    "MIDD": "1,0,0,1,1,1,1,1,1,0,0,0",
    "OUTD": "1,0,0,0,0,0,1,1,1,0,0,0",
    "OUTS": "1,0,0,0,0,0,0,0,0,1,1,1",
    "OUTALL": "1,0,0,0,0,0,1,1,1,1,1,1",
    "ALL0.5": "0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5",
}
"""For SDXL: the way down (IN), the way up (OUT), both around the middle (MID); S shallow, D deep."""

_BLOCK = re.compile(r"(input_blocks|middle_block|output_blocks)\.(\d+)\.")
_SHORT: Mapping[str, str] = {"input_blocks": "IN", "output_blocks": "OUT"}


class BlockWeightError(ValueError):
    """Block weights that cannot be read; the message is a sentence."""


@dataclass(frozen=True)
class BlockWeights:
    """Weights by the blocks' names."""

    named: Mapping[str, float]

    @property
    def base(self) -> float:
        """The text encoders' weight."""
        return self.named["BASE"]

    def __call__(self, parameter: str) -> float:
        """The weight for a parameter of the denoising network, by its official name."""
        found = _BLOCK.match(parameter)
        if found is None:
            return self.base
        if found[1] == "middle_block":
            return self.named["MID"]
        return self._nearest(_SHORT[found[1]], int(found[2]))

    def _nearest(self, side: str, number: int) -> float:
        """That of the block, or of the next one towards the middle, which is up on the way down and down on the way
        up; what is nearer to the middle than all that are named is as the nearest of them."""
        numbers = sorted(int(name.removeprefix(side)) for name in self.named if re.fullmatch(rf"{side}\d+", name))
        if side == "IN":
            chosen = next((one for one in numbers if one >= number), numbers[-1])
        else:
            chosen = next((one for one in reversed(numbers) if one <= number), numbers[0])
        return self.named[f"{side}{chosen:02}"]


def read_block_weights(text: str) -> BlockWeights:
    """The weights that a preset's name or a list of numbers means.

    Raises:
        BlockWeightError: it is neither, or a list of a length that is not known.
    """
    name = text.strip().upper()
    parts = [part.strip() for part in PRESETS.get(name, text).replace("\n", ",").split(",") if part.strip()]
    try:
        values = [float(part) for part in parts]
    except ValueError:
        raise BlockWeightError(
            f"{text.strip()[:80]!r} is neither a preset ({', '.join(PRESETS)}) nor numbers with commas between them."
        ) from None
    if not all(map(math.isfinite, values)):
        raise BlockWeightError("A block weight is infinite or no number. Give numbers, most of them from 0 to 1.")
    if len(values) not in LAYOUTS:
        raise BlockWeightError(
            f"There are {len(values)} block weights. SDXL has 12 (blocks with attention) or 20 (all), and 17 or 26 "
            f"are known for Stable Diffusion 1.x. 12 are: {' '.join(LAYOUTS[12])}."
        )
    return BlockWeights(dict(zip(LAYOUTS[len(values)], values, strict=True)))
