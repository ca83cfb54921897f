"""Epsilon scaling: a little less noise is taken to be in the latent than the network says.

Ning et al., "Elucidating the Exposure Bias in Diffusion Models" (arXiv 2308.15321): while sampling, the network sees
its own errors and predicts too much noise; dividing by a number just above 1 counters it.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from models.sampling.tweaks import Guided


@dataclass(frozen=True)
class ScaledNoise:
    """A change of `Tweaks.after_guidance`."""

    divisor: float

    def __call__(self, state: Guided) -> Tensor:
        """Return the guided clean latent anew."""
        return state.x - (state.x - state.denoised) / self.divisor
