"""Perturbed-attention guidance: away from what the network would say without seeing how things belong together.

Ahn et al., "Self-Rectifying Diffusion Sampling with Perturbed-Attention Guidance" (arXiv 2403.17377): in the network's
middle each token attends to itself alone, which spoils structure; guidance leads away from that prediction.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from models.sampling.tweaks import Guided
from models.sdxl.network_patches import QKV, Attention, NetworkPatch, Spot

POSITIVE = 0  # the side that is asked again


class IdentityAttention(NetworkPatch):
    """Self-attention in the middle, as if its matrix of weights were the identity."""

    def attend(self, which: Attention, projected: QKV, heads: int, spot: Spot) -> Tensor | None:
        """Return each token's own value."""
        del heads
        return projected.v if which == "self" and spot.part == "middle" else None


@dataclass(frozen=True)
class PerturbedAttentionGuidance:
    """A change of `Tweaks.after_guidance`. Each step asks the network once more."""

    scale: float

    def __call__(self, state: Guided) -> Tensor:
        """Return the guided clean latent anew."""
        if not self.scale:
            return state.denoised
        perturbed = state.ask(state.x, POSITIVE, [IdentityAttention()])
        return state.denoised + (state.cond - perturbed) * self.scale
