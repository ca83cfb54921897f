"""Adaptive projected guidance: strong guidance without the colours that burn out.

Sadat et al., "Eliminating Oversaturation and Artifacts of High Guidance Scales in Diffusion Models" (arXiv
2410.02416). The difference between both predictions is shortened, given a momentum, and its part along the
prediction itself, which mostly adds saturation, is weighted by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from models.patches.numbers import dot, length
from models.sampling.tweaks import Guided


class _Earlier(NamedTuple):
    average: Tensor
    sigma: float


@dataclass(frozen=True, eq=False)
class ProjectedGuidance:
    """A change of `Tweaks.before_guidance`."""

    eta: float  # weight of the part along the positive prediction: 1 all of it, 0 none
    longest: float  # of the difference, in the model's own units of a whole latent; 0: as long as it is
    momentum: float  # of the earlier differences, negative in the paper; 0: none

    def __call__(self, state: Guided) -> tuple[Tensor, Tensor]:
        """Return (cond, uncond) so that plain guidance at a scale w makes of them cond + w * changed difference.

        At a scale of 1, where the negative prompts are not asked, nothing is changed.
        """
        plain = state.cond - state.uncond
        if not state.both:
            return state.cond, state.uncond
        difference = self._with_momentum(plain, state)
        if self.longest > 0:
            difference = difference * (self.longest / length(difference)).clamp(max=1.0)
        along = state.cond * (dot(difference, state.cond) / dot(state.cond, state.cond).clamp(min=1e-24))
        changed = difference + (self.eta - 1) * along
        return state.uncond + changed + plain / state.cfg, state.uncond

    def _with_momentum(self, difference: Tensor, state: Guided) -> Tensor:
        if not self.momentum:
            return difference
        earlier: _Earlier | None = state.notes.get(self)
        if earlier is not None and state.sigma <= earlier.sigma:
            difference = torch.add(difference, earlier.average, alpha=self.momentum)
        state.notes[self] = _Earlier(difference, state.sigma)
        return difference
