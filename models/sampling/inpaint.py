"""Denoising only where a mask says so: the rest is held to the given latent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from models.compositing import as_mask, fit_batch
from models.sampling.steps import Prediction
from models.sampling.tweaks import MaskedRun

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.sampling.noise_schedule import NoiseSchedule
    from models.sampling.steps import Denoiser
    from models.types import Model


@dataclass(frozen=True, eq=False)
class KeepUnmasked:
    """A `Denoiser` that shows another one the given latent, noised, outside of the mask, and answers it there.

    So the seam between both is denoised with knowledge of what is kept (Lugmayr et al. 2022, RePaint, without its
    resampling). The mask [1 or B, 1, h, w] is 1 where the picture may change; soft edges blend.
    """

    denoiser: Denoiser
    schedule: NoiseSchedule
    latent: torch.Tensor  # [B, C, h, w]
    noise: torch.Tensor  # [B, C, h, w]
    mask_at: Callable[[float], torch.Tensor]  # the mask at a noise level

    def __call__(self, x: torch.Tensor, sigma: float) -> torch.Tensor:
        """Return the guided prediction inside, the latent outside of the mask."""
        mask = self.mask_at(sigma)
        return self._keep(self.denoiser(self._hide(x, sigma, mask), sigma), mask)

    def pair(self, x: torch.Tensor, sigma: float) -> Prediction:
        """Return the same and, of the whole latent, the unconditional prediction."""
        mask = self.mask_at(sigma)
        denoised, uncond = self.denoiser.pair(self._hide(x, sigma, mask), sigma)
        return Prediction(self._keep(denoised, mask), uncond)

    def _hide(self, x: torch.Tensor, sigma: float, mask: torch.Tensor) -> torch.Tensor:
        return mask * x + (1 - mask) * self.schedule.scale_noise(self.noise, self.latent, sigma)

    def _keep(self, denoised: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return mask * denoised + (1 - mask) * self.latent


def mask_at(model: Model, mask: torch.Tensor, sigmas: torch.Tensor) -> Callable[[float], torch.Tensor]:
    """Return the mask of a run by noise level: always the same, or what the model's tweaks make of it."""
    change = model.tweaks.mask_at
    if change is None:
        return lambda _sigma: mask
    run = MaskedRun(mask, sigmas, model.schedule)
    return lambda sigma: change(run, sigma)


def fit_mask(mask: torch.Tensor, latent: torch.Tensor) -> torch.Tensor:
    """Return a mask [..., H, W] of any size as [B, 1, h, w] for latent [B, C, h, w], without rounding."""
    return fit_batch(as_mask(mask, (latent.shape[-2], latent.shape[-1])), len(latent)).to(latent)
