"""Mahiro: guidance that follows the positive prompts more where the negative ones pull the same way anyhow.

The function is a community's ("Mahiro CFG"), without a paper. It mixes plain guidance with the positive prediction
scaled up alone, by how much what both lead to looks like the negative prediction.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from models.sampling.tweaks import Guided


def similarity_guidance(state: Guided) -> Tensor:
    """Return the guided clean latent anew; a change of `Tweaks.after_guidance`."""
    if not state.both:
        return state.denoised
    leap = state.cond * state.cfg
    alike = F.cosine_similarity(_root(state.uncond * state.cfg), _root((leap + state.denoised) / 2))  # [B, h, w]
    share = (alike.mean(dim=(1, 2))[:, None, None, None] + 1) / 2  # 0 opposite .. 1 the same
    return share * state.denoised + (1 - share) * leap


def _root(x: Tensor) -> Tensor:
    """The square root of each value's size, with its sign."""
    return x.abs().sqrt() * x.sign()
