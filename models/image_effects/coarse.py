"""Pictures with their details taken away: for networks that are to put in new ones."""

from __future__ import annotations

from torch import Tensor

from models.resize import resize


def softened(pictures: Tensor, factor: float) -> Tensor:
    """`pictures` [B, C, H, W] as if enlarged from sides `factor` times smaller: averaged, then smooth again."""
    height, width = pictures.shape[-2:]
    small = resize(pictures, max(1, round(width / factor)), max(1, round(height / factor)), "area")
    return resize(small, width, height, "bicubic").clamp(0, 1)


def blocks(pictures: Tensor, side: int) -> Tensor:
    """`pictures` [B, C, H, W] in squares of about `side` pixels, each of its average colour."""
    height, width = pictures.shape[-2:]
    small = resize(pictures, max(1, round(width / side)), max(1, round(height / side)), "area")
    return resize(small, width, height, "nearest-exact")
