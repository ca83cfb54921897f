"""Drawings of pictures by differences of Gaussians, white lines on black.

Marr and Hildreth's filter ("Theory of Edge Detection", 1980) read as ink: there is some where a colour is darker than
its surroundings. Cells, lines and shaded edges come out as lines, even tones do not.
"""

from __future__ import annotations

import torch
from torch import Tensor

from models.image_effects.gaussian import blur_by_pixels
from models.image_effects.morphology import dilate

SURROUND = 3.0  # sigma of the surroundings that a line is compared with, in widths of the line
FAINTEST = 0.03  # darker than the surroundings by less is no line but grain
FULL_SHARE = 0.9  # of the lines' pixels that are not the darkest: those above come out white


def drawing(colours: Tensor, width: float, strength: float) -> Tensor:
    """Lines [B, 1, H, W] in 0..1 where a channel of `colours` [B, C, H, W] is darker than its surroundings.

    `width` is the lines' sigma in pixels; the darkest lines come out white at a `strength` of 1, faint ones in
    proportion, whatever the picture's contrast.
    """
    ink = darkness(colours, width)
    ink = torch.where(ink > FAINTEST, ink, torch.zeros_like(ink))
    full = torch.stack([_full(one) for one in ink])
    return (strength * ink / full.view(-1, 1, 1, 1)).clamp(0, 1)


def scribble(colours: Tensor, width: float, faintest: float, thickness: int) -> Tensor:
    """Pen strokes [B, 1, H, W], 0 or 1, where a channel of `colours` [B, C, H, W] is darker than its surroundings.

    `width` is the strokes' sigma in pixels, `faintest` by how much it must be darker, `thickness` what strokes grow by.
    """
    return dilate((darkness(colours, width) > faintest).to(colours), thickness)


def darkness(colours: Tensor, width: float) -> Tensor:
    """By how much the channel that differs most is darker than its surroundings, [B, 1, H, W]; lighter is negative."""
    surroundings = blur_by_pixels(colours, SURROUND * width)
    return (surroundings - blur_by_pixels(colours, width)).amax(1, keepdim=True)


def _full(ink: Tensor) -> Tensor:
    lines = ink[ink > 0]
    return ink.new_tensor(1.0) if lines.numel() == 0 else ranked(lines, FULL_SHARE)


def ranked(values: Tensor, share: float) -> Tensor:
    """The value that `share` of the values do not exceed; for any number of them, unlike torch's quantile."""
    return values.flatten().kthvalue(max(1, round(share * values.numel()))).values
