"""Denoising only where a mask says so: the rest is held to the given latent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from models.compositing import as_mask, fit_batch
from models.sampling.steps import Prediction

if TYPE_CHECKING:
    from models.sampling.noise_schedule import NoiseSchedule
    from models.sampling.steps import Denoiser


@dataclass(frozen=True, eq=False)
class KeepUnmasked:
    """A `Denoiser` that shows another one the given latent, noised, outside of the mask, and answers it there.

    So the seam between both is denoised with knowledge of what is kept (Lugmayr et al. 2022, RePaint, without its
    resampling). `mask` [1 or B, 1, h, w] is 1 where the picture may change; soft edges blend.
    """

    denoiser: Denoiser
    schedule: NoiseSchedule
    latent: torch.Tensor  # [B, C, h, w]
    noise: torch.Tensor  # [B, C, h, w]
    mask: torch.Tensor

    def __call__(self, x: torch.Tensor, sigma: float) -> torch.Tensor:
        """Return the guided prediction inside, the latent outside of the mask."""
        return self._keep(self.denoiser(self._hide(x, sigma), sigma))

    def pair(self, x: torch.Tensor, sigma: float) -> Prediction:
        """Return the same and, of the whole latent, the unconditional prediction."""
        denoised, uncond = self.denoiser.pair(self._hide(x, sigma), sigma)
        return Prediction(self._keep(denoised), uncond)

    def _hide(self, x: torch.Tensor, sigma: float) -> torch.Tensor:
        return self.mask * x + (1 - self.mask) * self.schedule.scale_noise(self.noise, self.latent, sigma)

    def _keep(self, denoised: torch.Tensor) -> torch.Tensor:
        return self.mask * denoised + (1 - self.mask) * self.latent


def fit_mask(mask: torch.Tensor, latent: torch.Tensor) -> torch.Tensor:
    """Return a mask [..., H, W] of any size as [B, 1, h, w] for latent [B, C, h, w], without rounding."""
    return fit_batch(as_mask(mask, (latent.shape[-2], latent.shape[-1])), len(latent)).to(latent)
