"""ER-SDE-Solver: exact solutions of a family of reverse equations (Cui et al. 2023, "Elucidating the Solution Space of
Extended Reverse-Time SDE for Diffusion Models", arXiv 2309.06169)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from models.sampling.steps import Step, intervals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import torch

    from models.sampling.noise import NoiseSource
    from models.sampling.steps import Denoiser

    NoiseScale = Callable[[np.ndarray | float], np.ndarray]

_INTEGRATION_POINTS = 200


def tuned_noise(sigma: np.ndarray | float) -> np.ndarray:
    """The paper's phi(x) (its "ER SDE 5"): how much noise the chosen equation adds at each level."""
    return sigma * (np.exp(np.asarray(sigma) ** 0.3) + 10.0)


def reverse_time_noise(eta: float) -> NoiseScale:
    """The phi(x) of the diffusion process reversed, with `eta` times its noise: 0 is the equation without any."""
    return lambda sigma: np.asarray(sigma) ** (eta + 1)


def er_sde(
    denoise: Denoiser,
    x: torch.Tensor,
    sigmas: torch.Tensor,
    noise: NoiseSource,
    *,
    s_noise: float = 1.0,
    max_stage: int = 3,
    noise_scale: NoiseScale = tuned_noise,
) -> Iterator[Step]:
    """Solve in up to three stages: the prediction, its first and its second derivative in sigma (algorithm 3).

    `noise_scale` is phi(x) and chooses the equation: the steeper, the more noise.
    """
    levels = sigmas.tolist()
    previous: torch.Tensor | None = None
    change: torch.Tensor | None = None  # of the prediction, per unit of sigma
    for i, sigma, sigma_next in intervals(sigmas):
        denoised = denoise(x, sigma)
        if not sigma_next:
            x = denoised
        else:
            ratio = float(noise_scale(sigma_next) / noise_scale(sigma))
            x = denoised + ratio * (x - denoised)
            if previous is not None and max_stage >= 2:
                first, second = _integrals(noise_scale, sigma, sigma_next)
                here = (denoised - previous) / (sigma - levels[i - 1])
                x = x + first * here
                if change is not None and max_stage >= 3:
                    x = x + second * (here - change) * (2 / (sigma - levels[i - 2]))
                change = here
            if s_noise:
                fresh = math.sqrt(max(sigma_next**2 - (sigma * ratio) ** 2, 0.0))
                x = x + noise(sigma, sigma_next) * (s_noise * fresh)
        previous = denoised
        yield Step(i, len(sigmas) - 1, sigma_next, x, denoised)


def _integrals(noise_scale: NoiseScale, sigma: float, sigma_next: float) -> tuple[float, float]:
    """Return the weights of the first and second derivative: integrals of 1 / phi that have no closed form.

    The rectangle rule with the paper's 200 points, not a better one: the rule is part of the published sampler.
    """
    step = (sigma - sigma_next) / _INTEGRATION_POINTS
    at = sigma_next + step * np.arange(_INTEGRATION_POINTS)
    inverse = step / noise_scale(at)
    scale, change = noise_scale(sigma_next), sigma_next - sigma
    first = change + scale * inverse.sum()
    second = change**2 / 2 + scale * (inverse * (at - sigma)).sum()
    return float(first), float(second)
