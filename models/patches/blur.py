"""Blurring latents."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def filtered(x: Tensor, kernel: Tensor) -> Tensor:
    """Return x [B, C, h, w], each channel filtered by an odd-sided kernel [k, l], mirrored at its edges.

    A side too short to be mirrored that far is mirrored again.
    """
    down, across = (size // 2 for size in kernel.shape)
    x = x[..., _mirrored(x.shape[-2], down, x.device), :][..., _mirrored(x.shape[-1], across, x.device)]
    channels = x.shape[1]
    weight = kernel.to(x).expand(channels, 1, *kernel.shape)
    return F.conv2d(x, weight, groups=channels)


def gaussian_blur(x: Tensor, size: int, sigma: float) -> Tensor:
    """Return x [B, C, h, w] blurred by a bell curve of `sigma` latent values, cut to `size` x `size`."""
    if sigma <= 0:
        return x
    places = torch.arange(size, dtype=torch.float32) - size // 2
    bell = torch.exp(-0.5 * (places / sigma) ** 2)
    bell = bell / bell.sum()
    return filtered(x, bell[:, None] * bell)


def _mirrored(length: int, margin: int, device: torch.device) -> Tensor:
    """The places to take for -margin .. length + margin - 1: back and forth, the ends once each."""
    period = max(2 * (length - 1), 1)
    places = torch.arange(-margin, length + margin, device=device).remainder(period)
    return torch.minimum(places, period - places) if length > 1 else places * 0
