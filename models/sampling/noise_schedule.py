"""Which noise levels a model knows, what it calls them, and how its answers become clean latents.

`NoiseSchedule` is that of models with a table of timesteps; `continuous_schedule.py` and `distilled_schedule.py` have
the others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import torch

from models.sampling.predictions import DENOISED, Prediction, at_the_boundary

# `percent_to_sigma(0)`: a level that no schedule reaches, so that "from the start" holds for any of them.
BEFORE_THE_START = 999999999.9


def scaled_linear_alphas_cumprod(start: float = 0.00085, end: float = 0.012, steps: int = 1000) -> torch.Tensor:
    """Return the signal power left at each timestep, [steps] float64.

    The square roots of the betas rise linearly (Rombach et al. 2022, the `scaled_linear` schedule).
    """
    betas = torch.linspace(start**0.5, end**0.5, steps, dtype=torch.float64) ** 2
    return torch.cumprod(1 - betas, dim=0)


@dataclass(frozen=True, eq=False)
class NoiseSchedule:
    """The noise levels that a discrete diffusion model was trained on.

    Latents are kept as "clean + sigma * noise" (Karras et al. 2022, "variance exploding"); the network itself
    was trained on the same thing scaled to unit variance, which is what `scale_input` undoes.
    """

    sigmas: torch.Tensor  # [T] float32, rising: noise over signal at timestep 0 .. T-1
    prediction: Prediction = "epsilon"
    sigma_data: float = 1.0  # deviation that clean latents were taken to have, see `predictions.py`

    @classmethod
    def scaled_linear(
        cls, prediction: Prediction = "epsilon", *, start: float = 0.00085, end: float = 0.012, steps: int = 1000
    ) -> NoiseSchedule:
        """Return the schedule of SD1.x, SD2.x and SDXL."""
        return cls.from_alphas_cumprod(scaled_linear_alphas_cumprod(start, end, steps), prediction)

    @classmethod
    def from_alphas_cumprod(cls, alphas_cumprod: torch.Tensor, prediction: Prediction = "epsilon") -> NoiseSchedule:
        """Return the schedule whose share of signal power at each timestep is `alphas_cumprod` [T]."""
        return cls((((1 - alphas_cumprod) / alphas_cumprod) ** 0.5).float(), prediction)

    @cached_property
    def log_sigmas(self) -> torch.Tensor:
        """[T] float32."""
        return self.sigmas.log()

    @property
    def sigma_min(self) -> float:
        """The least noise the network was trained on."""
        return self.sigmas[0].item()

    @property
    def sigma_max(self) -> float:
        """The most noise the network was trained on."""
        return self.sigmas[-1].item()

    @property
    def last_timestep(self) -> float:
        """The timestep of the most noise."""
        return len(self.sigmas) - 1

    def nearest(self, sigma: float) -> int:
        """Return the place in `sigmas` of the level nearest to `sigma` on a logarithmic scale."""
        log_sigma = torch.tensor(sigma, dtype=torch.float32).log()
        return int((log_sigma - self.log_sigmas).abs().argmin())

    def timestep(self, sigma: float) -> float:
        """Return what the network is told of a noise level: here the timestep nearest to it, a whole number."""
        return self.nearest(sigma)

    def sigma(self, timestep: torch.Tensor | float) -> torch.Tensor:
        """Return the noise level at a (possibly fractional) timestep, float32; logarithms are interpolated."""
        position = torch.as_tensor(timestep, dtype=torch.float32).clamp(0, len(self.sigmas) - 1)
        low, high = position.floor().long(), position.ceil().long()
        fraction = position.frac()
        return ((1 - fraction) * self.log_sigmas[low] + fraction * self.log_sigmas[high]).exp()

    def percent_to_sigma(self, percent: float) -> float:
        """Return the noise level at which `percent` (0..1) of the way from noise to picture is done."""
        if percent <= 0:
            return BEFORE_THE_START
        if percent >= 1:
            return 0.0
        return self._sigma_left(1 - percent)

    def _sigma_left(self, share: float) -> float:
        """Return the noise level with a share of the way still to go, which is neither 0 nor 1."""
        return self.sigma(share * self.last_timestep).item()

    def scale_noise(
        self, noise: torch.Tensor, latent: torch.Tensor, sigma: float, *, from_pure_noise: bool = False
    ) -> torch.Tensor:
        """Return `latent` with noise of level `sigma` added.

        At the highest level the network was trained on something of variance 1 + sigma^2, not sigma^2: a run
        that starts there (`from_pure_noise`) gets noise of that size.
        """
        return noise * (math.sqrt(1 + sigma**2) if from_pure_noise else sigma) + latent

    def starts_from_pure_noise(self, sigma: float) -> bool:
        """Say whether `sigma` is the model's highest noise level, or above it."""
        return sigma > self.sigma_max or math.isclose(sigma, self.sigma_max, rel_tol=1e-5)

    def scale_input(self, x: torch.Tensor, sigma: float) -> torch.Tensor:
        """Return what the network wants to see of `x`: the same at unit variance, mostly."""
        return x if self.prediction == "img_to_img" else x / math.sqrt(self.sigma_data**2 + sigma**2)

    def denoised(self, output: torch.Tensor, x: torch.Tensor, sigma: float) -> torch.Tensor:
        """Return the clean latent that the network's `output` for `x` at `sigma` amounts to."""
        if self.prediction == "lcm":
            clean = DENOISED["epsilon"](output, x, sigma, self.sigma_data)
            return at_the_boundary(clean, x, self.timestep(sigma))
        return DENOISED[self.prediction](output, x, sigma, self.sigma_data)
