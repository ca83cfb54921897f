"""Guidance that keeps the contrast of the unguided prediction.

Lin et al., "Common Diffusion Noise Schedules and Sample Steps are Flawed" (arXiv 2305.08891), section 3.4. Strong
guidance makes predictions larger than any the network was trained to give, which burns pictures out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from models.patches.numbers import LATENT
from models.sampling.tweaks import Guided


@dataclass(frozen=True)
class RescaledGuidance:
    """Give the guided velocity the standard deviation of that for the positive prompts, in part.

    All is computed on velocities v (Salimans & Ho 2022), whatever the network itself predicts.
    """

    share: float  # 0 plain guidance, 1 rescaled entirely

    def __call__(self, state: Guided) -> Tensor:
        """Return the guided clean latent."""
        spread = math.sqrt(state.sigma**2 + 1)
        centre = state.x / spread**2

        def velocity(denoised: Tensor) -> Tensor:
            return (centre - denoised) * (spread / state.sigma)

        positive, negative = velocity(state.cond), velocity(state.uncond)
        guided = negative + state.cfg * (positive - negative)
        ratio = positive.std(dim=LATENT, keepdim=True) / guided.std(dim=LATENT, keepdim=True)
        rescaled = guided * (self.share * ratio + (1 - self.share))
        return centre - rescaled * (state.sigma / spread)
