"""First-order steps: Euler's method, its ancestral form, CFG++, DDPM and the consistency sampler."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from models.sampling.steps import Step, intervals, slope, split_ancestral

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

    from models.sampling.noise import NoiseSource
    from models.sampling.steps import Denoiser


def euler(denoise: Denoiser, x: torch.Tensor, sigmas: torch.Tensor) -> Iterator[Step]:
    """Follow the slope to the next level (Karras et al. 2022, algorithm 1 without churn). In these variables
    this is also DDIM (Song et al. 2020)."""
    for i, sigma, sigma_next in intervals(sigmas):
        denoised = denoise(x, sigma)
        x = x + slope(x, denoised, sigma) * (sigma_next - sigma)
        yield Step(i, len(sigmas) - 1, sigma_next, x, denoised)


def euler_ancestral(
    denoise: Denoiser,
    x: torch.Tensor,
    sigmas: torch.Tensor,
    noise: NoiseSource,
    *,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> Iterator[Step]:
    """Step below the next level and come back up with fresh noise."""
    for i, sigma, sigma_next in intervals(sigmas):
        denoised = denoise(x, sigma)
        down, up = split_ancestral(sigma, sigma_next, eta)
        x = denoised + (down / sigma) * (x - denoised)
        if up:
            x = x + noise(sigma, sigma_next) * (s_noise * up)
        yield Step(i, len(sigmas) - 1, sigma_next, x, denoised)


def euler_ancestral_cfg_pp(
    denoise: Denoiser,
    x: torch.Tensor,
    sigmas: torch.Tensor,
    noise: NoiseSource,
    *,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> Iterator[Step]:
    """Move to the guided prediction, but put the noise of the unconditional one back (CFG++, Chung et al. 2024,
    arXiv 2406.08070, algorithm 2). Wants a small scale of guidance, 1 to 2."""
    for i, sigma, sigma_next in intervals(sigmas):
        denoised, uncond = denoise.pair(x, sigma)
        down, up = split_ancestral(sigma, sigma_next, eta)
        x = denoised + slope(x, uncond, sigma) * down
        if up:
            x = x + noise(sigma, sigma_next) * (s_noise * up)
        yield Step(i, len(sigmas) - 1, sigma_next, x, denoised)


def euler_towards_guided_twice(denoise: Denoiser, x: torch.Tensor, sigmas: torch.Tensor) -> Iterator[Step]:
    """Follow the slope to a prediction as far beyond the guided one as that is beyond the unconditional one.

    The "alternative" of CFG++ that saved graphs know: Euler's method with the scale of guidance doubled.
    """
    for i, sigma, sigma_next in intervals(sigmas):
        denoised, uncond = denoise.pair(x, sigma)
        x = x + slope(x, 2 * denoised - uncond, sigma) * (sigma_next - sigma)
        yield Step(i, len(sigmas) - 1, sigma_next, x, denoised)


def ddpm(denoise: Denoiser, x: torch.Tensor, sigmas: torch.Tensor, noise: NoiseSource) -> Iterator[Step]:
    """Draw from the posterior of the diffusion process (Ho et al. 2020, equations 6 and 7).

    For latents of unit variance q(x_t | x_s, D) has the mean `(weight on x) x + (weight on D) D`; rescaled
    to "clean + sigma * noise" the mean is a blend of x and D by the squared levels.
    """
    for i, sigma, sigma_next in intervals(sigmas):
        denoised = denoise(x, sigma)
        kept = (sigma_next / sigma) ** 2
        x = denoised + kept * (x - denoised)
        if sigma_next:
            x = x + noise(sigma, sigma_next) * (sigma_next * math.sqrt(1 - kept))
        yield Step(i, len(sigmas) - 1, sigma_next, x, denoised)


def lcm(denoise: Denoiser, x: torch.Tensor, sigmas: torch.Tensor, noise: NoiseSource) -> Iterator[Step]:
    """Predict the clean latent, then noise it afresh for the next level (Luo et al. 2023, latent consistency models,
    algorithm 3)."""
    for i, sigma, sigma_next in intervals(sigmas):
        denoised = denoise(x, sigma)
        x = denoised + noise(sigma, sigma_next) * sigma_next if sigma_next else denoised
        yield Step(i, len(sigmas) - 1, sigma_next, x, denoised)
