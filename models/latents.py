"""Arithmetic on batches of latents [B, C, h, w]."""

from __future__ import annotations

import torch

from models.compositing import fit_batch
from models.resize import resize


def alike(other: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """`other` with the height and width of `x`: cut to its shape in the middle, then resized."""
    if other.shape[-2:] == x.shape[-2:]:
        return other
    return resize(other, x.shape[-1], x.shape[-2], "bilinear", "center")


def matched(other: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """`other` with the height, width and batch size of `x`."""
    return fit_batch(alike(other, x), x.shape[0])


def interpolate(a: torch.Tensor, b: torch.Tensor, share: float) -> torch.Tensor:
    """Between `b` (share 0) and `a` (share 1), the direction and length of channel vectors separately.

    Directions are averaged and brought back to unit length, so the result is not duller than its sources.
    """
    a_length, b_length = _length(a), _length(b)
    mixed = _unit(a, a_length) * share + _unit(b, b_length) * (1 - share)
    return _unit(mixed, _length(mixed)) * (a_length * share + b_length * (1 - share))


def _length(x: torch.Tensor) -> torch.Tensor:
    return x.norm(dim=1, keepdim=True)


def _unit(x: torch.Tensor, length: torch.Tensor) -> torch.Tensor:
    return torch.where(length > 0, x / length, torch.zeros_like(x))
