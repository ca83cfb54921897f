"""DPM-Solver++ for the stochastic equation (Lu et al. 2022, arXiv 2211.01095, section 5 and appendix).

`eta` scales the noise: 0 follows the deterministic path, 1 the equation of the diffusion process. Over a step of length
h in lambda = -log sigma a constant prediction D is solved exactly by

    x -> exp(-(1 + eta) h) x + (1 - exp(-(1 + eta) h)) D + sigma_next sqrt(1 - exp(-2 eta h)) noise
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import torch

from models.sampling.steps import Step, intervals, split_ancestral

if TYPE_CHECKING:
    from collections.abc import Iterator

    from models.sampling.noise import NoiseSource
    from models.sampling.steps import Denoiser


def dpmpp_sde(
    denoise: Denoiser,
    x: torch.Tensor,
    sigmas: torch.Tensor,
    noise: NoiseSource,
    *,
    eta: float = 1.0,
    s_noise: float = 1.0,
    r: float = 1 / 2,
) -> Iterator[Step]:
    """Second order, two calls a step, the second a share `r` of the way in lambda."""
    for i, sigma, sigma_next in intervals(sigmas):
        denoised = denoise(x, sigma)
        if not sigma_next:
            x = denoised
        else:
            middle = _between(sigma, sigma_next, r)
            down, up = split_ancestral(sigma, middle, eta)
            halfway = denoised + (down / sigma) * (x - denoised) + noise(sigma, middle) * (s_noise * up)
            target = denoised.lerp(denoise(halfway, middle), 1 / (2 * r))
            down, up = split_ancestral(sigma, sigma_next, eta)
            x = target + (down / sigma) * (x - target) + noise(sigma, sigma_next) * (s_noise * up)
        yield Step(i, len(sigmas) - 1, sigma_next, x, denoised)


def _between(sigma: float, sigma_next: float, r: float) -> float:
    """Return the level a share `r` of the way in lambda.

    Rounded to float32 at each stage: the level is a place on the Brownian path, which is rough enough for the last
    digit of a place to show in the noise, and published pictures were made with these digits.
    """
    start, end = (-torch.tensor(level).log() for level in (sigma, sigma_next))
    return (-(start + r * (end - start))).exp().item()


def dpmpp_2m_sde(
    denoise: Denoiser,
    x: torch.Tensor,
    sigmas: torch.Tensor,
    noise: NoiseSource,
    *,
    eta: float = 1.0,
    s_noise: float = 1.0,
    solver: Literal["midpoint", "heun"] = "midpoint",
) -> Iterator[Step]:
    """Second order, one call a step: correct by the change since the previous prediction.

    `solver` weights that change as the midpoint rule or as Heun's method does.
    """
    previous: torch.Tensor | None = None
    last_h = 0.0
    for i, sigma, sigma_next in intervals(sigmas):
        denoised = denoise(x, sigma)
        if not sigma_next:
            x = denoised
        else:
            h = math.log(sigma / sigma_next)
            h_eta = h * (1 + eta)
            x = math.exp(-h_eta) * x - math.expm1(-h_eta) * denoised
            if previous is not None:
                weight = -math.expm1(-h_eta) / 2 if solver == "midpoint" else _phi_2(h_eta)
                x = x + (denoised - previous) * (weight * h / last_h)
            x = _add_noise(x, noise, sigma, sigma_next, eta, s_noise)
            last_h = h
        previous = denoised
        yield Step(i, len(sigmas) - 1, sigma_next, x, denoised)


def dpmpp_3m_sde(
    denoise: Denoiser,
    x: torch.Tensor,
    sigmas: torch.Tensor,
    noise: NoiseSource,
    *,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> Iterator[Step]:
    """Third order, one call a step, from divided differences of the last three predictions."""
    past: list[tuple[torch.Tensor, float]] = []  # (prediction, length of the step that began with it), newest first
    for i, sigma, sigma_next in intervals(sigmas):
        denoised = denoise(x, sigma)
        if not sigma_next:
            x = denoised
        else:
            h = math.log(sigma / sigma_next)
            h_eta = h * (1 + eta)
            x = math.exp(-h_eta) * x - math.expm1(-h_eta) * denoised
            if past:
                first, second = _differences(denoised, h, past)
                x = x + _phi_2(h_eta) * first
                if second is not None:
                    x = x - (_phi_2(h_eta) / h_eta - 0.5) * second
            x = _add_noise(x, noise, sigma, sigma_next, eta, s_noise)
            past = [(denoised, h), *past[:1]]
        yield Step(i, len(sigmas) - 1, sigma_next, x, denoised)


def _differences(
    denoised: torch.Tensor, h: float, past: list[tuple[torch.Tensor, float]]
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return the first and second derivative of the prediction, in units of the step length `h`."""
    (newest, h_1), *older = past
    first = (denoised - newest) * (h / h_1)
    if not older:
        return first, None
    oldest, h_2 = older[0]
    before = (newest - oldest) * (h / h_2)
    second = (first - before) * (h / (h_1 + h_2))
    return first + second * (h_1 / h), second


def _phi_2(h: float) -> float:
    return math.expm1(-h) / h + 1


def _add_noise(
    x: torch.Tensor, noise: NoiseSource, sigma: float, sigma_next: float, eta: float, s_noise: float
) -> torch.Tensor:
    if not (eta and s_noise):
        return x
    scale = sigma_next * math.sqrt(-math.expm1(-2 * eta * math.log(sigma / sigma_next)))
    return x + noise(sigma, sigma_next) * (scale * s_noise)
