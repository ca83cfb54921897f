"""Guidance that makes no point of the latent longer than it is in the prediction for the positive prompts."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from models.sampling.tweaks import Guided

TINY = 1e-8


@dataclass(frozen=True)
class LimitedGuidance:
    """A change of `Tweaks.after_guidance`: each point's vector of channels is shortened, then all are scaled."""

    strength: float

    def __call__(self, state: Guided) -> Tensor:
        """Return the guided clean latent anew."""
        wanted, found = (one.norm(dim=1, keepdim=True) for one in (state.cond, state.denoised))
        return state.denoised * ((wanted / (found + TINY)).clamp(max=1.0) * self.strength)
