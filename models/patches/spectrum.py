"""Scaling the low and high frequencies of feature maps and latents apart."""

from __future__ import annotations

import torch
from torch import Tensor


def scale_frequencies(x: Tensor, reach: int, low: float, high: float = 1.0) -> Tensor:
    """Return x [B, C, h, w] with its lowest frequencies scaled by `low`, the others by `high`.

    Low are, along each side, the frequencies -reach .. reach - 1 in periods over that side (all, at most). Equal
    scales are applied as they are, without the rounding of two transforms.
    """
    if low == high:
        return x if low == 1.0 else x * low
    height, width = x.shape[-2:]
    waves = torch.fft.fft2(x.float())
    scale = torch.full((height, width), high, device=x.device)
    scale[_low(height, reach, x.device)[:, None] & _low(width, reach, x.device)] = low
    return torch.fft.ifft2(waves * scale).real.to(x.dtype)


def _low(side: int, reach: int, device: torch.device) -> Tensor:
    """Which of the transform's `side` frequencies are low; centred, the zeroth stands at side // 2."""
    centred = (torch.arange(side, device=device) + side // 2) % side
    reach = min(reach, max(side // 2, 1))
    return (centred >= side // 2 - reach) & (centred < side // 2 + reach)
