"""How far two pictures are apart, pixel by pixel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import ImageSequence

from nodes.pictures import opened

Frames = Sequence[npt.NDArray[np.uint8]]
"""The frames of a picture, each [H, W, 4] of 8 bits."""

FULL = 255.0


@dataclass(frozen=True, slots=True)
class Difference:
    """Between two pictures of one size, in steps of 8 bits, over red, green, blue and opacity."""

    largest: int  # 0 .. 255
    mean: float
    psnr: float  # dB; infinite where they are the same

    @property
    def sentence(self) -> str:
        return f"the largest difference is {self.largest} of 255, the mean {self.mean:.3g}, the PSNR {self.psnr:.1f} dB"


def read_frames(path: Path) -> list[npt.NDArray[np.uint8]]:
    """All frames of a picture file, as they are in it: not turned upright.

    Raises:
        PictureError: it is no picture, or damaged.
        OSError: it cannot be read.
    """
    with opened(path) as file:
        return [np.asarray(frame.convert("RGBA")) for frame in ImageSequence.Iterator(file)]


def difference(one: Frames, other: Frames) -> Difference | None:
    """How far two pictures are apart; None where they have not the same size or not as many frames."""
    if [frame.shape for frame in one] != [frame.shape for frame in other] or not one:
        return None
    largest, total, squares, count = 0, 0.0, 0.0, 0
    for a, b in zip(one, other, strict=True):
        apart = np.abs(a.astype(np.int16) - b.astype(np.int16))
        largest = max(largest, int(apart.max()))
        total += float(apart.sum())
        squares += float(np.square(apart.astype(np.float64))[..., :3].sum())  # opacity, mostly full, would flatter
        count += apart[..., 0].size
    error = squares / (3 * count)
    return Difference(largest, total / (4 * count), 10 * math.log10(FULL**2 / error) if error else math.inf)
