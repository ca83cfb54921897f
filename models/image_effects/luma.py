"""Brightness and colour apart: YCbCr with the rounded coefficients of ITU-R BT.601 that saved graphs count on."""

from __future__ import annotations

import torch
from torch import Tensor

LUMA = (0.299, 0.587, 0.114)
BLUE_SCALE, RED_SCALE = 0.564, 0.713  # 0.5 / (1 - 0.114) and 0.5 / (1 - 0.299)
MIDDLE = 0.5  # of the two colour differences


def luma(pictures: Tensor) -> Tensor:
    """The brightness [..., 1] of colours [..., 3]; of grey pictures [..., 1] what they are."""
    if pictures.shape[-1] < len(LUMA):
        return pictures[..., :1]
    return (pictures[..., :3] * pictures.new_tensor(LUMA)).sum(-1, keepdim=True)


def to_yuv(pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Brightness, blue difference and red difference, each [..., 1] about 0..1, of colours [..., 3]."""
    y = luma(pictures)
    return y, (pictures[..., 2:3] - y) * BLUE_SCALE + MIDDLE, (pictures[..., 0:1] - y) * RED_SCALE + MIDDLE


def to_rgb(y: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Colours [..., 3], clamped to 0..1, of brightness and differences [..., 1]."""
    blue, red = u - MIDDLE, v - MIDDLE
    return torch.cat((y + 1.403 * red, y - 0.714 * red - 0.344 * blue, y + 1.773 * blue), dim=-1).clamp(0, 1)
