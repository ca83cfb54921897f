"""Adams-Bashforth methods: one call a step, the slope ahead extrapolated from the slopes of past steps.

They differ in what the extrapolating polynomial is a function of, and in whether steps count as equally long.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from models.sampling.steps import Step, intervals, slope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import torch

    from models.sampling.steps import Denoiser

    Weights = Callable[[list[float], int, int], Sequence[float]]
    """(levels, step, order) -> weights of the last `order` slopes, newest first, times the length of the step."""


def lms(denoise: Denoiser, x: torch.Tensor, sigmas: torch.Tensor, *, order: int = 4) -> Iterator[Step]:
    """Polynomials in sigma through slopes at their true distances ("linear multistep")."""
    return _adams(denoise, x, sigmas, _polynomial_in_sigma, order)


def ipndm(denoise: Denoiser, x: torch.Tensor, sigmas: torch.Tensor, *, order: int = 4) -> Iterator[Step]:
    """The textbook weights for equal steps, used for any (PNDM, Liu et al. 2022, arXiv 2202.09778)."""
    return _adams(denoise, x, sigmas, _equal_steps, order)


def ipndm_v(denoise: Denoiser, x: torch.Tensor, sigmas: torch.Tensor, *, order: int = 4) -> Iterator[Step]:
    """The same for steps of varying length, as in the "diff-sampler" toolbox (Zhou et al. 2023, arXiv 2312.00094)."""
    return _adams(denoise, x, sigmas, _varying_steps, order)


def deis(denoise: Denoiser, x: torch.Tensor, sigmas: torch.Tensor, *, order: int = 3) -> Iterator[Step]:
    """Polynomials in the time of a variance preserving process (Zhang & Chen 2022, DEIS, arXiv 2204.13902, tAB)."""
    return _adams(denoise, x, sigmas, _polynomial_in_time, order)


def _adams(denoise: Denoiser, x: torch.Tensor, sigmas: torch.Tensor, weights: Weights, order: int) -> Iterator[Step]:
    """Run a method of `order`; the first steps have fewer slopes to go by, the last is Euler's."""
    levels = sigmas.tolist()
    slopes: list[torch.Tensor] = []  # newest first
    for i, sigma, sigma_next in intervals(sigmas):
        denoised = denoise(x, sigma)
        slopes = [slope(x, denoised, sigma), *slopes[: order - 1]]
        if not sigma_next:
            x = denoised
        else:
            for weight, past in zip(weights(levels, i, len(slopes)), slopes, strict=True):
                x = x + weight * past
        yield Step(i, len(sigmas) - 1, sigma_next, x, denoised)


def _equal_steps(levels: list[float], step: int, order: int) -> list[float]:
    table = ((1,), (3 / 2, -1 / 2), (23 / 12, -16 / 12, 5 / 12), (55 / 24, -59 / 24, 37 / 24, -9 / 24))
    return [weight * (levels[step + 1] - levels[step]) for weight in table[order - 1]]


def _varying_steps(levels: list[float], step: int, order: int) -> list[float]:
    """Weight differences of slopes by ratios of step lengths.

    Up to order 2 this is `_polynomial_in_sigma`. Beyond, the weight of the second difference and the last weight of the
    third are those that the published sampler uses, which the derivation does not give; pictures rely on them.
    """
    h = levels[step + 1] - levels[step]
    h_1, h_2, h_3 = (levels[step - k] - levels[step - k - 1] if k < order - 1 else math.inf for k in range(3))
    first = h / (2 * h_1)
    weights = [1 + first, -first, 0.0, 0.0]
    if order >= 3:
        second = (1 - h**2 / (3 * h_1 * (h_1 + h_2))) / 2
        _add(weights, second, (1.0, -1 - h_1 / h_2, h_1 / h_2, 0.0))
    if order >= 4:
        third = (1 - h / (3 * (h + h_1))) / 2 + (1 - h / (2 * (h + h_1))) * h / (6 * (h + h_1 + h_2))
        third *= h * (h + h_1) * (h + h_1 + h_2) / (h_1 * (h_1 + h_2) * (h_1 + h_2 + h_3))
        ratio = h_1 * (h_1 + h_2) / (h_2 * (h_2 + h_3))
        _add(weights, third, (1.0, -1 - h_1 / h_2 - ratio, h_1 / h_2 + ratio * (1 + h_2 / h_3), -ratio * h_1 / h_2))
    return [h * weight for weight in weights[:order]]


def _add(weights: list[float], factor: float, difference: Sequence[float]) -> None:
    for k, share in enumerate(difference):
        weights[k] += factor * share


def _polynomial_in_sigma(levels: list[float], step: int, order: int) -> list[float]:
    known = levels[step - order + 1 : step + 1][::-1]
    points, quadrature = _gauss(levels[step], levels[step + 1], count=max(4, (order + 1) // 2))  # exact for the order
    return [float(quadrature @ _lagrange(known, j, points)) for j in range(order)]


def _polynomial_in_time(levels: list[float], step: int, order: int) -> list[float]:
    if order == 1:
        return [levels[step + 1] - levels[step]]
    time = _VPTime()
    known = [time.of(level) for level in levels[step - order + 1 : step + 1]][::-1]
    points, quadrature = _gauss(time.of(levels[step]), time.of(levels[step + 1]), count=32)
    return [float(quadrature @ (time.speed(points) * _lagrange(known, j, points))) for j in range(order)]


def _gauss(start: float, end: float, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return points and weights of Gauss-Legendre quadrature from `start` to `end`."""
    points, weights = np.polynomial.legendre.leggauss(count)
    half = (end - start) / 2
    return start + half * (points + 1), half * weights


def _lagrange(known: Sequence[float], j: int, at: np.ndarray) -> np.ndarray:
    """Return the polynomial that is 1 at `known[j]` and 0 at the others, at the points `at`."""
    factors = [(at - other) / (known[j] - other) for k, other in enumerate(known) if k != j]
    return np.prod(factors, axis=0) if factors else np.ones_like(at)


class _VPTime:
    """The time of the variance preserving process with linear beta between sigma 0.002 (t = 0.001) and 80 (t = 1)."""

    def __init__(self, sigma_min: float = 0.002, sigma_max: float = 80.0, start: float = 1e-3) -> None:
        low, high = math.log1p(sigma_min**2), math.log1p(sigma_max**2)
        self._slope = 2 * (low / start - high) / (start - 1)
        self._beta_0 = high - self._slope / 2

    def of(self, sigma: float) -> float:
        """Solve log(1 + sigma^2) = beta_0 t + slope t^2 / 2."""
        return (math.sqrt(self._beta_0**2 + 2 * self._slope * math.log1p(sigma**2)) - self._beta_0) / self._slope

    def speed(self, t: np.ndarray) -> np.ndarray:
        """Return dsigma/dt."""
        grown = self._beta_0 * t + self._slope * t**2 / 2
        return (self._beta_0 + self._slope * t) * np.exp(grown) / (2 * np.sqrt(np.expm1(grown)))
