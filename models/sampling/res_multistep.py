"""RES: a second-order exponential multistep solver that meets all order conditions (Zhang, Song, Chen 2023,
"Improved Order Analysis and Design of Exponential Integrator for Diffusion Models Sampling", arXiv 2308.02157)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from models.sampling.steps import Step, intervals, slope, split_ancestral

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

    from models.sampling.noise import NoiseSource
    from models.sampling.steps import Denoiser


def res_multistep(
    denoise: Denoiser,
    x: torch.Tensor,
    sigmas: torch.Tensor,
    noise: NoiseSource,
    *,
    eta: float = 0.0,
    s_noise: float = 1.0,
) -> Iterator[Step]:
    """Solve each step with the last two predictions; `eta` > 0 makes it ancestral."""
    previous: tuple[torch.Tensor, float] | None = None  # prediction, and its place on the next step's scale
    for i, sigma, sigma_next in intervals(sigmas):
        denoised = denoise(x, sigma)
        down, up = split_ancestral(sigma, sigma_next, eta)
        if not down or previous is None:
            x = x + slope(x, denoised, sigma) * (down - sigma)
        else:
            here, there = _weights(sigma, down, previous[1])
            x = (down / sigma) * x + here * denoised + there * previous[0]
        if up:
            x = x + noise(sigma, sigma_next) * (s_noise * up)
        if down:
            previous = denoised, math.log(down / sigma)
        yield Step(i, len(sigmas) - 1, sigma_next, x, denoised)


def res_multistep_cfg_pp(
    denoise: Denoiser,
    x: torch.Tensor,
    sigmas: torch.Tensor,
    noise: NoiseSource,
    *,
    eta: float = 0.0,
    s_noise: float = 1.0,
) -> Iterator[Step]:
    """The same on unconditional predictions, after a shift by the guidance (CFG++, arXiv 2406.08070)."""
    previous: tuple[torch.Tensor, float] | None = None
    for i, sigma, sigma_next in intervals(sigmas):
        denoised, uncond = denoise.pair(x, sigma)
        down, up = split_ancestral(sigma, sigma_next, eta)
        if not down or previous is None:
            x = denoised + slope(x, uncond, sigma) * down
        else:
            here, there = _weights(sigma, down, previous[1])
            x = (down / sigma) * (x + denoised - uncond) + here * uncond + there * previous[0]
        if up:
            x = x + noise(sigma, sigma_next) * (s_noise * up)
        if down:
            previous = uncond, math.log(down / sigma)
        yield Step(i, len(sigmas) - 1, sigma_next, x, denoised)


def _weights(sigma: float, target: float, past: float) -> tuple[float, float]:
    """Return the weights of this prediction and the previous one, which was made `past` (< 0) ago in -log sigma."""
    h = math.log(sigma / target)
    phi_1 = math.expm1(-h) / -h
    phi_2 = (phi_1 - 1) / -h
    share = phi_2 * h / past
    return h * (phi_1 - share), h * share
