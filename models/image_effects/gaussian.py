"""Blurring with a Gaussian, and sharpening by what a blur takes away ("unsharp masking")."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

HALO = 10  # how many times the difference to the blurred picture a strength of 1 adds


def blur(pictures: Tensor, radius: int, sigma: float) -> Tensor:
    """`pictures` [B, C, H, W] averaged over squares of 2 * radius + 1 pixels; borders are mirrored.

    The weights are a Gaussian of `sigma`, counted in radii and not in pixels: beyond 2 it is nearly a plain average.
    """
    places = torch.linspace(-1, 1, 2 * radius + 1, dtype=pictures.dtype, device=pictures.device)
    return smooth(pictures, (-places.square() / (2 * sigma**2)).exp())


def blur_by_pixels(pictures: Tensor, sigma: float) -> Tensor:
    """`pictures` [B, C, H, W] through a Gaussian whose `sigma` counts pixels, cut off after three of them."""
    reach = max(1, round(3 * sigma))
    places = torch.arange(-reach, reach + 1, dtype=pictures.dtype, device=pictures.device)
    return smooth(pictures, (-places.square() / (2 * sigma**2)).exp())


def sharpen(pictures: Tensor, radius: int, sigma: float, strength: float) -> Tensor:
    """`pictures` [B, C, H, W] with ten times `strength` of their difference to `blur` added, clamped to 0..1."""
    return (pictures + HALO * strength * (pictures - blur(pictures, radius, sigma))).clamp(0, 1)


def smooth(pictures: Tensor, weights: Tensor) -> Tensor:
    """`pictures` [B, C, H, W] averaged with `weights` [2 r + 1] along both sides; the weights need not sum to 1."""
    weights = weights / weights.sum()
    channels, reach = pictures.shape[1], weights.numel() // 2
    across = weights.view(1, 1, 1, -1).expand(channels, 1, 1, -1)
    padded = mirrored(pictures, reach)
    return F.conv2d(F.conv2d(padded, across, groups=channels), across.mT, groups=channels)


def mirrored(pictures: Tensor, reach: int) -> Tensor:
    """`pictures` [B, C, H, W] with `reach` more pixels at each side, mirrored at the border as often as it takes."""
    return pictures[..., _mirrored_places(pictures.shape[-2], reach), :][
        ..., _mirrored_places(pictures.shape[-1], reach)
    ]


def _mirrored_places(length: int, reach: int) -> Tensor:
    """Where in 0..length to look for the places -reach .. length + reach; the border pixels are not repeated."""
    period = max(2 * (length - 1), 1)
    places = torch.arange(-reach, length + reach).remainder(period)
    return torch.minimum(places, period - places).clamp(max=length - 1)
