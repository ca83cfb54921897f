"""SEEDS: exponential solvers of the stochastic equation with several calls a step, whose noise is shared between the
calls as one path would give it (Gonzalez et al. 2023, arXiv 2305.14267, algorithms 2 and 3).

Time is lambda = -log sigma. A stage that ends a share r of the way into a step of length h keeps
exp(-(1 + eta) r h) of x and gets noise composed of the parts that fell into each stretch before it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from models.sampling.steps import Step, intervals

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

    from models.sampling.noise import NoiseSource
    from models.sampling.steps import Denoiser


class _Stage:
    """What all stages of one step share."""

    def __init__(
        self, x: torch.Tensor, denoised: torch.Tensor, sigma: float, sigma_next: float, eta: float, s_noise: float
    ) -> None:
        self._x, self._denoised, self._sigma = x, denoised, sigma
        self._eta, self._s_noise = eta, s_noise
        self.h = math.log(sigma / sigma_next)
        self.h_eta = self.h * (1 + eta)

    def level(self, r: float) -> float:
        """Return the noise level a share `r` of the way."""
        return self._sigma * math.exp(-r * self.h)

    def constant(self, r: float) -> torch.Tensor:
        """Return the solution at `r` for an unchanging prediction, without noise."""
        return self._denoised + math.exp(-r * self.h_eta) * (self._x - self._denoised)

    def noise(self, r: float, parts: list[tuple[float, torch.Tensor]]) -> torch.Tensor | float:
        """Return the noise at `r` of the `parts` (end of the stretch, noise) that the way there consists of."""
        total: torch.Tensor | float = 0.0
        start = 0.0
        for end, part in parts:
            faded = math.exp(-2 * (r - end) * self.h * self._eta) - math.exp(-2 * (r - start) * self.h * self._eta)
            total = total + part * (self.level(r) * math.sqrt(faded) * self._s_noise)
            start = end
        return total


def seeds_2(
    denoise: Denoiser,
    x: torch.Tensor,
    sigmas: torch.Tensor,
    noise: NoiseSource,
    *,
    eta: float = 1.0,
    s_noise: float = 1.0,
    r: float = 0.5,
) -> Iterator[Step]:
    """Two calls a step, the second a share `r` of the way."""
    for i, sigma, sigma_next in intervals(sigmas):
        denoised = denoise(x, sigma)
        if not sigma_next:
            x = denoised
        else:
            stage = _Stage(x, denoised, sigma, sigma_next, eta, s_noise)
            middle = stage.level(r)
            parts = [(r, noise(sigma, middle)), (1.0, noise(middle, sigma_next))] if eta and s_noise else []
            second = denoise(stage.constant(r) + stage.noise(r, parts[:1]), middle)
            change = (second - denoised) / (2 * r)
            x = stage.constant(1) - math.expm1(-stage.h_eta) * change + stage.noise(1, parts)
        yield Step(i, len(sigmas) - 1, sigma_next, x, denoised)


def seeds_3(
    denoise: Denoiser,
    x: torch.Tensor,
    sigmas: torch.Tensor,
    noise: NoiseSource,
    *,
    eta: float = 1.0,
    s_noise: float = 1.0,
    r_1: float = 1 / 3,
    r_2: float = 2 / 3,
) -> Iterator[Step]:
    """Three calls a step, the second and third at the shares `r_1` and `r_2` of the way."""
    for i, sigma, sigma_next in intervals(sigmas):
        denoised = denoise(x, sigma)
        if not sigma_next:
            x = denoised
        else:
            stage = _Stage(x, denoised, sigma, sigma_next, eta, s_noise)
            level_1, level_2 = stage.level(r_1), stage.level(r_2)
            parts: list[tuple[float, torch.Tensor]] = []
            if eta and s_noise:
                parts = [
                    (r_1, noise(sigma, level_1)),
                    (r_2, noise(level_1, level_2)),
                    (1.0, noise(level_2, sigma_next)),
                ]
            second = denoise(stage.constant(r_1) + stage.noise(r_1, parts[:1]), level_1)
            change = (second - denoised) * (r_2 / r_1 * _phi_2(r_2 * stage.h_eta))
            third = denoise(stage.constant(r_2) + change + stage.noise(r_2, parts[:2]), level_2)
            change = (third - denoised) * (_phi_2(stage.h_eta) / r_2)
            x = stage.constant(1) + change + stage.noise(1, parts)
        yield Step(i, len(sigmas) - 1, sigma_next, x, denoised)


def _phi_2(h: float) -> float:
    return math.expm1(-h) / h + 1
