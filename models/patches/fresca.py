"""FreSca: the low and high frequencies of guidance, scaled apart.

Huang et al., "FreSca: Scaling in Frequency Space Enhances Diffusion Models" (arXiv 2504.02154). Low frequencies of
the difference between both predictions decide the layout, high ones the detail.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from models.patches.spectrum import scale_frequencies
from models.sampling.tweaks import Guided


@dataclass(frozen=True)
class FrequencyScaledGuidance:
    """A change of `Tweaks.before_guidance`."""

    low: float
    high: float
    cutoff: int  # the first frequency that is high, in periods over the latent's side

    def __call__(self, state: Guided) -> tuple[Tensor, Tensor]:
        """Return (cond, uncond) that differ as said."""
        if not state.both or self.low == self.high == 1.0:
            return state.cond, state.uncond
        difference = scale_frequencies(state.cond - state.uncond, self.cutoff, self.low, self.high)
        return state.uncond + difference, state.uncond
