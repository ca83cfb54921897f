"""Canny's edge detector (Canny, "A Computational Approach to Edge Detection", 1986).

Smoothing, gradients, thinning to the ridges of the gradient, and two thresholds: what is above the higher one is an
edge, what is above the lower one is an edge where it continues one. Sizes and constants are those of Kornia's, whose
thresholds saved workflows hold: a Gaussian of sigma 1 over 5 x 5 pixels, Sobel's kernels unscaled.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601: weights of red, green and blue
SMOOTHING = 5  # pixels of the Gaussian's side
SMALLEST = 1e-6  # keeps the root's argument above 0
# the neighbour along the gradient, for angles rounded to eighths of a turn: down, across
ALONG = ((0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1))


def canny(pictures: Tensor, low: float, high: float) -> Tensor:
    """Edges `[B, 1, H, W]`, 0 or 1, of pictures `[B, C, H, W]` in 0..1; C is 1, or 3 and more for colours.

    `low` and `high` are thresholds on the length of the brightness's gradient, whose greatest value is about 4.
    Raises ValueError when `low` is above `high`.
    """
    if low > high:
        raise ValueError(f"The low threshold ({low}) must not be above the high one ({high}).")
    grey = pictures
    if pictures.shape[1] >= len(LUMA):
        grey = (pictures[:, :3] * pictures.new_tensor(LUMA)[None, :, None, None]).sum(1, keepdim=True)
    across, down = _gradients(_smooth(grey[:, :1]))
    length = (across * across + down * down + SMALLEST).sqrt()
    ridge = _thin(length, torch.atan2(down, across))
    strong, weak = ridge > high, ridge > low
    return _connected(strong, weak).to(pictures.dtype)


def _smooth(grey: Tensor) -> Tensor:
    at = torch.arange(SMOOTHING, dtype=grey.dtype, device=grey.device) - SMOOTHING // 2
    bell = (-at * at / 2).exp()
    bell = bell / bell.sum()
    reach = SMOOTHING // 2
    mode = "reflect" if min(grey.shape[-2:]) > reach else "replicate"
    padded = F.pad(grey, (reach, reach, reach, reach), mode=mode)
    return F.conv2d(F.conv2d(padded, bell.view(1, 1, 1, -1)), bell.view(1, 1, -1, 1))


def _gradients(grey: Tensor) -> tuple[Tensor, Tensor]:
    """How brightness changes across and down, by Sobel's kernels; beyond the border it goes on unchanged."""
    across = grey.new_tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
    kernels = torch.stack([across, across.T])[:, None]
    both = F.conv2d(F.pad(grey, (1, 1, 1, 1), mode="replicate"), kernels)
    return both[:, :1], both[:, 1:]


def _thin(length: Tensor, angle: Tensor) -> Tensor:
    """`length` where it is the greatest along the gradient, else 0; of two equal ones beside each other one stays."""
    eighth = (angle * 4 / math.pi).round().long() % len(ALONG)
    height, width = length.shape[-2:]
    padded = F.pad(length, (1, 1, 1, 1))
    neighbours = torch.cat([padded[..., 1 + y : 1 + y + height, 1 + x : 1 + x + width] for y, x in ALONG], dim=1)
    before = neighbours.gather(1, (eighth + 4) % len(ALONG))
    after = neighbours.gather(1, eighth)
    return torch.where((length > before) & (length >= after), length, torch.zeros_like(length))


def _connected(strong: Tensor, weak: Tensor) -> Tensor:
    """The strong pixels and all weak ones that touch them, directly or through other weak ones."""
    edges = strong
    while True:
        reached = F.max_pool2d(edges.float(), 3, stride=1, padding=1).bool() & weak | edges
        if torch.equal(reached, edges):
            return edges
        edges = reached
