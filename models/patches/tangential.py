"""Tangential damping: what in the negative prediction has nothing to do with the positive one is left out.

Kwon et al., "TCFG: Tangential Damping Classifier-free Guidance" (arXiv 2503.18137): of the noise predicted for the
negative prompts only the part along the first singular vector of both predictions is kept.
"""

from __future__ import annotations

import torch
from torch import Tensor

from models.sampling.tweaks import Guided


def damp_tangential(state: Guided) -> tuple[Tensor, Tensor]:
    """Return (cond, uncond); a change of `Tweaks.before_guidance`."""
    if not state.both:
        return state.cond, state.uncond
    return state.cond, state.x - along_common(state.x - state.uncond, state.x - state.cond)


def along_common(one: Tensor, other: Tensor) -> Tensor:
    """Return the part of `one` [B, ...] along the direction that both have most in common.

    The first right singular vector of a matrix of two rows is a mixture of the rows, whose shares are the first
    eigenvector of their 2 x 2 inner products: no decomposition of a matrix as wide as a latent is needed.
    """
    rows = torch.stack([one.flatten(1), other.flatten(1)], dim=1).double()  # [B, 2, n]
    products = rows @ rows.mT
    values, vectors = torch.linalg.eigh(products)  # rising
    shares = vectors[:, :, 1:]  # [B, 2, 1]
    # the mixture's squared length is the eigenvalue
    amount = (products[:, :1] @ shares) / values[:, 1:, None].clamp(min=torch.finfo(torch.float64).tiny)
    return (amount * shares).mT.matmul(rows)[:, 0].reshape(one.shape).to(one.dtype)
