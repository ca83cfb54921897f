"""UniPC: a predictor and a corrector of any order that share their calls (Zhao et al. 2023, arXiv 2302.04867).

Written for "clean + sigma * noise" in lambda = -log sigma. The unified formula B(h) is h (`bh1`) or exp(h) - 1 (`bh2`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np

from models.sampling.steps import Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

    from models.sampling.steps import Denoiser

_INSTEAD_OF_ZERO = 0.001  # lambda is infinite at 0


def uni_pc(
    denoise: Denoiser,
    x: torch.Tensor,
    sigmas: torch.Tensor,
    *,
    variant: Literal["bh1", "bh2"] = "bh1",
    max_order: int = 3,
) -> Iterator[Step]:
    """Predict the next latent, look there, and correct it with what was seen; one call a step (algorithms 5 to 8).

    The order grows from 1 and falls again at the end. The last step is not corrected.
    """
    levels = [level or _INSTEAD_OF_ZERO for level in sigmas.tolist()]
    total = len(levels) - 1
    max_order = min(max_order, max(total - 1, 1))
    history = [(levels[0], denoise(x, levels[0]))] if total else []  # (level, prediction), newest first
    for i, target in enumerate(levels[1:]):
        order = min(max_order, len(history), total - i)
        step = _Step(x, history[:order], target, variant)
        x = step.predict()
        denoised = history[0][1]
        if i < total - 1:
            denoised = denoise(x, target)
            x = step.correct(denoised)
            history = [(target, denoised), *history[: max_order - 1]]
        yield Step(i, total, target, x, denoised)


class _Step:
    """One step: the terms that its predictor and its corrector share (section 3.1)."""

    def __init__(self, x: torch.Tensor, history: list[tuple[float, torch.Tensor]], target: float, variant: str) -> None:
        sigma, self._denoised = history[0]
        h = math.log(sigma / target)
        self._places = [math.log(sigma / level) / h for level, _ in history[1:]]  # r_k, negative
        self._changes = [
            (prediction - self._denoised) / place
            for place, (_, prediction) in zip(self._places, history[1:], strict=True)
        ]
        self._constant = self._denoised + (target / sigma) * (x - self._denoised)
        self._scale = -h if variant == "bh1" else math.expm1(-h)
        self._moments = _moments(-h, len(history), self._scale)

    def predict(self) -> torch.Tensor:
        """Return the next latent from past predictions alone."""
        return self._apply(self._solve(self._places), self._changes)

    def correct(self, seen: torch.Tensor) -> torch.Tensor:
        """Return the next latent given the prediction `seen` at the predicted one."""
        return self._apply(self._solve([*self._places, 1.0]), [*self._changes, seen - self._denoised])

    def _solve(self, places: list[float]) -> list[float]:
        """Match the moments: sum over k of weight_k r_k^(n-1) = b_n."""
        if len(places) == 1:
            return [0.5]  # the paper's choice where any weight keeps the order
        if not places:
            return []
        powers = np.vander(places, increasing=True).T
        return np.linalg.solve(powers, self._moments[: len(places)]).tolist()

    def _apply(self, weights: list[float], changes: list[torch.Tensor]) -> torch.Tensor:
        x = self._constant
        for weight, change in zip(weights, changes, strict=True):
            x = x - (self._scale * weight) * change
        return x


def _moments(h: float, count: int, scale: float) -> list[float]:
    """Return b_n = n! phi_{n+1}(h) h / B(h), phi from the recursion of equation 6."""
    phi, factorial, moments = math.expm1(h) / h - 1, 1, []
    for n in range(1, count + 1):
        moments.append(phi * factorial / scale)
        factorial *= n + 1
        phi = phi / h - 1 / factorial
    return moments
