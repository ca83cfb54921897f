"""DPM-Solver-2 as Karras et al. write it: a second call in the (geometric) middle of each step."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from models.sampling.steps import Step, intervals, slope, split_ancestral

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

    from models.sampling.noise import NoiseSource
    from models.sampling.steps import Denoiser


def dpm_2(denoise: Denoiser, x: torch.Tensor, sigmas: torch.Tensor) -> Iterator[Step]:
    """Step with the slope found half way (Lu et al. 2022, DPM-Solver; Karras et al. 2022, section 3)."""
    for i, sigma, sigma_next in intervals(sigmas):
        denoised = denoise(x, sigma)
        x = _midpoint(denoise, x, denoised, sigma, sigma_next)
        yield Step(i, len(sigmas) - 1, sigma_next, x, denoised)


def dpm_2_ancestral(
    denoise: Denoiser,
    x: torch.Tensor,
    sigmas: torch.Tensor,
    noise: NoiseSource,
    *,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> Iterator[Step]:
    """The same to below the next level, and back up with fresh noise."""
    for i, sigma, sigma_next in intervals(sigmas):
        denoised = denoise(x, sigma)
        down, up = split_ancestral(sigma, sigma_next, eta)
        x = _midpoint(denoise, x, denoised, sigma, down)
        if up:
            x = x + noise(sigma, sigma_next) * (s_noise * up)
        yield Step(i, len(sigmas) - 1, sigma_next, x, denoised)


def _midpoint(denoise: Denoiser, x: torch.Tensor, denoised: torch.Tensor, sigma: float, target: float) -> torch.Tensor:
    here = slope(x, denoised, sigma)
    if not target:
        return x + here * (target - sigma)
    middle = math.sqrt(sigma * target)
    halfway = x + here * (middle - sigma)
    return x + slope(halfway, denoise(halfway, middle), middle) * (target - sigma)
