"""Pictures of few colours: a palette by median cut (Heckbert 1982), through Pillow, and dithering.

Ordered dithering adds a repeating pattern of thresholds before the nearest colour is taken (Bayer 1973).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

MATRICES = {"bayer-2": 2, "bayer-4": 4, "bayer-8": 8, "bayer-16": 16}
"""Sides of the patterns of ordered dithering."""


def quantize(picture: Tensor, colours: int, dither: str) -> Tensor:
    """`picture` [H, W, 3] in 0..1 in at most `colours` colours (1..256), each chosen for the picture.

    `dither` is "none", "floyd-steinberg" or one of `MATRICES`.
    """
    levels = (picture.clamp(0, 1) * 255).to(torch.uint8).cpu().numpy()
    whole = Image.fromarray(levels)
    palette = whole.quantize(colours)
    if dither in MATRICES:
        whole = Image.fromarray(_ordered(levels, MATRICES[dither], _size(palette)))
    method = Image.Dither.FLOYDSTEINBERG if dither == "floyd-steinberg" else Image.Dither.NONE
    made = whole.quantize(palette=palette, dither=method).convert("RGB")
    return torch.from_numpy(np.array(made, dtype=np.float32) / 255).to(picture)


def _size(palette: Image.Image) -> int:
    return len(palette.getpalette() or ()) // 3


def _ordered(levels: npt.NDArray[np.uint8], side: int, colours: int) -> npt.NDArray[np.uint8]:
    """`levels` [H, W, 3] with the thresholds added, which spread over the usual distance between two colours."""
    spread = 2 * 256 / colours
    height, width = levels.shape[:2]
    pattern = (spread * bayer(side) + 0.5).astype(np.float32)
    covering = np.tile(pattern, (-(-height // side), -(-width // side)))[:height, :width, None]
    return (levels + covering).clip(0, 255).astype(np.uint8)


def bayer(side: int) -> npt.NDArray[np.float64]:
    """Bayer's thresholds [side, side], a power of two, evenly in -1/2 .. 1/2."""
    order = np.zeros((1, 1))
    while order.shape[0] < side:
        order = np.block([[4 * order, 4 * order + 2], [4 * order + 3, 4 * order + 1]])
    return (order + 0.5) / side**2 - 0.5
