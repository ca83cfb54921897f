"""DPM-Solver++: exponential integrators of the data prediction (Lu et al. 2022, arXiv 2211.01095).

Time is lambda = -log sigma, which rises as noise falls. Over a step of length h a constant prediction D is solved
exactly by x -> exp(-h) x + (1 - exp(-h)) D; exp(-h) is the ratio of the two noise levels.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from models.sampling.steps import Step, intervals, split_ancestral

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

    from models.sampling.noise import NoiseSource
    from models.sampling.steps import Denoiser


def dpmpp_2m(denoise: Denoiser, x: torch.Tensor, sigmas: torch.Tensor) -> Iterator[Step]:
    """Second order, one call a step: extrapolate the last two predictions to the middle (algorithm 2)."""
    previous: torch.Tensor | None = None
    last_h = 0.0
    for i, sigma, sigma_next in intervals(sigmas):
        denoised = denoise(x, sigma)
        if not sigma_next:
            x = denoised
        else:
            h = math.log(sigma / sigma_next)
            target = denoised if previous is None else denoised + (denoised - previous) * (h / (2 * last_h))
            x = (sigma_next / sigma) * x - math.expm1(-h) * target
            last_h = h
        previous = denoised
        yield Step(i, len(sigmas) - 1, sigma_next, x, denoised)


def dpmpp_2m_cfg_pp(denoise: Denoiser, x: torch.Tensor, sigmas: torch.Tensor) -> Iterator[Step]:
    """The same with CFG++ (arXiv 2406.08070): the noise is that of the unconditional prediction."""
    previous: torch.Tensor | None = None  # unconditional
    last_h = 0.0
    for i, sigma, sigma_next in intervals(sigmas):
        denoised, uncond = denoise.pair(x, sigma)
        ratio = sigma_next / sigma
        x = denoised + ratio * (x - uncond)
        if sigma_next:
            h = -math.log(ratio)
            if previous is not None:
                x = x - math.expm1(-h) * (h / (2 * last_h)) * (denoised - previous)
            last_h = h
        previous = uncond
        yield Step(i, len(sigmas) - 1, sigma_next, x, denoised)


def dpmpp_2s_ancestral(
    denoise: Denoiser,
    x: torch.Tensor,
    sigmas: torch.Tensor,
    noise: NoiseSource,
    *,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> Iterator[Step]:
    """Second order, two calls a step, the second half way in lambda (algorithm 1), made ancestral."""
    for i, sigma, sigma_next in intervals(sigmas):
        denoised = denoise(x, sigma)
        down, up = split_ancestral(sigma, sigma_next, eta)
        if not down:
            x = denoised
        else:
            middle = math.sqrt(sigma * down)
            halfway = denoised + (middle / sigma) * (x - denoised)
            target = denoise(halfway, middle)
            x = target + (down / sigma) * (x - target)
        if up:
            x = x + noise(sigma, sigma_next) * (s_noise * up)
        yield Step(i, len(sigmas) - 1, sigma_next, x, denoised)


def dpmpp_2s_ancestral_cfg_pp(
    denoise: Denoiser,
    x: torch.Tensor,
    sigmas: torch.Tensor,
    noise: NoiseSource,
    *,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> Iterator[Step]:
    """The same with CFG++ (arXiv 2406.08070). The half step removes the unconditional prediction of its start, the
    whole step that of the middle."""
    for i, sigma, sigma_next in intervals(sigmas):
        denoised, uncond = denoise.pair(x, sigma)
        down, up = split_ancestral(sigma, sigma_next, eta)
        if not down:
            x = denoised
        else:
            middle = math.sqrt(sigma * down)
            halfway = denoised + (middle / sigma) * (x - uncond)
            target, target_uncond = denoise.pair(halfway, middle)
            x = target + (down / sigma) * (x + (denoised - target_uncond) - target)
        if up:
            x = x + noise(sigma, sigma_next) * (s_noise * up)
        yield Step(i, len(sigmas) - 1, sigma_next, x, denoised)
