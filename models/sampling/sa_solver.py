"""SA-Solver: stochastic Adams methods, a predictor and a corrector (Xue et al. 2023, arXiv 2309.05019).

Between lambda_s and lambda_t (lambda = -log sigma) the solution is

    x_t = (sigma_t / sigma_s) exp(-tau^2 h) x_s
          + (1 + tau^2) * integral of exp((1 + tau^2) (lambda - lambda_t)) D(lambda) dlambda + noise

with tau the amount of noise; D is replaced by the polynomial through past predictions (equations 11 to 17).
"""

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


def noise_between(start: float, end: float, eta: float = 1.0) -> Callable[[float], float]:
    """Return tau(sigma): `eta` for noise levels from `start` down to `end`, 0 elsewhere (the paper's choice)."""
    return lambda sigma: eta if start >= sigma >= end else 0.0


def sa_solver(
    denoise: Denoiser,
    x: torch.Tensor,
    sigmas: torch.Tensor,
    noise: NoiseSource,
    *,
    tau: Callable[[float], float],
    s_noise: float = 1.0,
    predictor_order: int = 3,
    corrector_order: int = 4,
    evaluate_again: bool = False,
    simple_order_2: bool = False,
) -> Iterator[Step]:
    """Predict the next latent, look there, correct the step with what was seen, and go on from the corrected one.

    `evaluate_again` asks for the prediction at the corrected latent too (PECE instead of PEC), two calls a step.
    Orders grow from 1 in the first steps and fall again towards a final level of 0; a `corrector_order` of 0 corrects
    nothing. `simple_order_2` solves what is of order 2 by the paper's shorter formulas (appendix D).
    """
    levels = sigmas.tolist()
    last = len(levels) - 1
    ends_clean = levels[-1] == 0
    history: list[tuple[float, torch.Tensor]] = []  # (lambda, prediction), oldest first
    predicted, h, strength, fresh = x, 0.0, 0.0, None
    for i, sigma, sigma_next in intervals(sigmas):
        denoised = denoise(predicted, sigma)
        history = [*history, (-math.log(sigma), denoised)][-max(predictor_order, corrector_order) :]
        order = min(corrector_order, len(history), last - i if ends_clean else corrector_order)
        if i == 0 or not order or (not sigma_next and not evaluate_again):
            x = predicted
        else:
            x = _adams_step(x, history[-order:], h, strength, -math.log(sigma), simple_order_2)
            if fresh is not None:
                x = x + fresh
            if evaluate_again:
                denoised = denoise(x, sigma)
                history[-1] = (history[-1][0], denoised)
        if not sigma_next:
            predicted = denoised
        else:
            order = min(predictor_order, len(history), last - 1 - i if ends_clean else predictor_order)
            strength, h = tau(sigma_next), math.log(sigma / sigma_next)
            predicted = _adams_step(x, history[-order:], h, strength, -math.log(sigma_next), simple_order_2)
            fresh = None
            if strength > 0 and s_noise > 0:
                fresh = noise(sigma, sigma_next) * (sigma_next * math.sqrt(-math.expm1(-2 * strength**2 * h)) * s_noise)
                predicted = predicted + fresh
        yield Step(i, last, sigma_next, predicted, denoised)


def _adams_step(
    x: torch.Tensor, known: list[tuple[float, torch.Tensor]], h: float, tau: float, to: float, simple: bool
) -> torch.Tensor:
    """Solve from lambda `to - h` to `to` with the polynomial through the `known` predictions, without noise."""
    x = math.exp(-(1 + tau**2) * h) * x
    weigh = _simple_weights if simple and len(known) == 2 else _weights
    for weight, (_, prediction) in zip(weigh([place for place, _ in known], h, tau, to), known, strict=True):
        x = x + weight * prediction
    return x


def _weights(known: list[float], h: float, tau: float, to: float) -> list[float]:
    """Integrate (1 + tau^2) exp((1 + tau^2) (lambda - to)) times each Lagrange polynomial over [to - h, to]."""
    points, quadrature = np.polynomial.legendre.leggauss(32)
    at = h / 2 * (points - 1)  # relative to `to`
    rate = 1 + tau**2
    density = quadrature * (h / 2) * rate * np.exp(rate * at)
    weights: list[float] = []
    for j, place in enumerate(known):
        others = [other for k, other in enumerate(known) if k != j]
        polynomial = np.ones_like(at)
        for other in others:
            polynomial = polynomial * (to + at - other) / (place - other)
        weights.append(float(density @ polynomial))
    return weights


def _simple_weights(known: list[float], h: float, tau: float, to: float) -> list[float]:
    """The same for two predictions, the slope's share of the integral cut off after its first term, rate h^2 / 2."""
    rate = 1 + tau**2
    start, (older, newer) = to - h, known
    whole, slope = -math.expm1(-rate * h), 0.5 * rate * h**2 / (newer - older)
    # one of the two was made at the start of the step: the newer one when predicting, the older one when correcting
    return [-slope, whole + slope] if abs(newer - start) < abs(older - start) else [whole - slope, slope]
