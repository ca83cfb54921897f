"""Operations on latents, as travel on LATENT_OPERATION wires: called with `latent=`, a tensor [B, C, h, w]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from models.patches.blur import filtered
from models.patches.numbers import LATENT
from models.sampling.tweaks import Guided


class LatentOperation(Protocol):
    """Makes another latent of a latent."""

    def __call__(self, *, latent: Tensor) -> Tensor:
        """Return a new latent; the one given stays as it is."""
        ...


@dataclass(frozen=True)
class ReinhardToneMap:
    """Shorten long vectors of channels more than short ones (Reinhard et al. 2002): x / (1 + x), in units of the top.

    The top is five standard deviations above the mean length, times `multiplier`; nothing comes out longer.
    """

    multiplier: float

    def __call__(self, *, latent: Tensor) -> Tensor:
        """See `LatentOperation`."""
        length = torch.linalg.vector_norm(latent, dim=1, keepdim=True) + 1e-10
        mean, spread = length.mean(dim=LATENT, keepdim=True), length.std(dim=LATENT, keepdim=True)
        top = (mean + 5 * spread) * self.multiplier
        share = length / top
        return latent / length * (share / (share + 1) * top)


@dataclass(frozen=True)
class Sharpen:
    """Take a blurred copy away from the directions of the vectors of channels, and keep their lengths."""

    radius: int  # latent values
    sigma: float  # of the bell curve, in radii
    amount: float  # tenths of the difference that is added

    def __call__(self, *, latent: Tensor) -> Tensor:
        """See `LatentOperation`."""
        if not self.amount:
            return latent
        length = torch.linalg.vector_norm(latent, dim=1, keepdim=True) + 1e-6
        places = torch.linspace(-1, 1, 2 * self.radius + 1)
        bell = torch.exp(-(places[:, None] ** 2 + places**2) / (2 * self.sigma**2))
        kernel = -10 * self.amount * bell / bell.sum()
        kernel[self.radius, self.radius] += 1 - kernel.sum()  # what is the same everywhere stays
        return filtered(latent / length, kernel) * length


@dataclass(frozen=True, eq=False)
class OperatedGuidance:
    """A change of `Tweaks.before_guidance`: operate on the difference between both predictions.

    At a scale of 1, where the negative prompts are not asked, on the prediction itself.
    """

    operation: LatentOperation

    def __call__(self, state: Guided) -> tuple[Tensor, Tensor]:
        """Return (cond, uncond)."""
        if not state.both:
            return self.operation(latent=state.cond), state.uncond
        return self.operation(latent=state.cond - state.uncond) + state.uncond, state.uncond
