"""Sums over one latent of a batch, so that a latent never depends on those it shares a batch with."""

from __future__ import annotations

from torch import Tensor

LATENT = (1, 2, 3)  # the dimensions of one latent in [B, C, h, w]


def dot(a: Tensor, b: Tensor) -> Tensor:
    """Return the inner product of each pair of latents, [B, 1, 1, 1]."""
    return (a * b).sum(dim=LATENT, keepdim=True)


def length(a: Tensor) -> Tensor:
    """Return each latent's Euclidean norm, [B, 1, 1, 1]."""
    return a.square().sum(dim=LATENT, keepdim=True).sqrt()
