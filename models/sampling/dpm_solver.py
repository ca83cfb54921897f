"""DPM-Solver in its two self-directed forms: `fast` (a number of calls) and `adaptive` (a tolerance).

Both choose their own noise levels between the first and the last positive level that they are given. Time is
t = -log sigma; the exact solution of the linear part leaves only the network's noise prediction to be
approximated (Lu et al. 2022, arXiv 2206.00927, algorithms 1, 2 and appendix C).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from models.sampling.steps import Step, slope, split_ancestral

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

    from models.sampling.noise import NoiseSource
    from models.sampling.steps import Denoiser


class _Solver:
    """The solver's steps of order 1, 2 and 3 from one point (x, t)."""

    def __init__(self, denoise: Denoiser, x: torch.Tensor, t: float) -> None:
        self._denoise = denoise
        self.x, self.t = x, t
        self.denoised = denoise(x, math.exp(-t))
        self.noise = slope(x, self.denoised, math.exp(-t))
        self._middles: dict[float, torch.Tensor] = {}

    def order_1(self, t_next: float) -> torch.Tensor:
        return self.x - math.exp(-t_next) * math.expm1(t_next - self.t) * self.noise

    def order_2(self, t_next: float, r: float = 1 / 2) -> torch.Tensor:
        change = self._noise_at(t_next, r) - self.noise
        weight = math.exp(-t_next) * math.expm1(t_next - self.t) / (2 * r)
        return self.order_1(t_next) - weight * change

    def order_3(self, t_next: float, r1: float = 1 / 3, r2: float = 2 / 3) -> torch.Tensor:
        h = t_next - self.t
        first_change = self._noise_at(t_next, r1) - self.noise
        t2 = self.t + r2 * h
        middle = self.order_1(t2) - math.exp(-t2) * (r2 / r1) * _phi(r2 * h) * first_change
        second_change = self._predict_noise(middle, t2) - self.noise
        return self.order_1(t_next) - math.exp(-t_next) / r2 * _phi(h) * second_change

    def _noise_at(self, t_next: float, r: float) -> torch.Tensor:
        """Predict the noise a share `r` of the way to `t_next`; orders 2 and 3 of one step share the call."""
        middle = self.t + r * (t_next - self.t)
        if middle not in self._middles:
            self._middles[middle] = self._predict_noise(self.order_1(middle), middle)
        return self._middles[middle]

    def _predict_noise(self, x: torch.Tensor, t: float) -> torch.Tensor:
        return slope(x, self._denoise(x, math.exp(-t)), math.exp(-t))


def _phi(h: float) -> float:
    return math.expm1(h) / h - 1


def _span(sigmas: torch.Tensor) -> tuple[float, float]:
    positive = sigmas[sigmas > 0].tolist()
    return -math.log(positive[0]), -math.log(positive[-1])


def dpm_fast(denoise: Denoiser, x: torch.Tensor, sigmas: torch.Tensor) -> Iterator[Step]:
    """Spend as many calls as there are steps, in steps of order 3 and a last one or two of lower order."""
    calls = len(sigmas) - 1
    start, end = _span(sigmas)
    orders = [3] * (calls // 3 - 1) + [2, 1] if calls % 3 == 0 else [3] * (calls // 3) + [calls % 3]
    for i, order in enumerate(orders):
        t, t_next = (start + (end - start) * k / len(orders) for k in (i, i + 1))
        solver = _Solver(denoise, x, t)
        x = (solver.order_1, solver.order_2, solver.order_3)[order - 1](t_next)
        yield Step(i, len(orders), math.exp(-t_next), x, solver.denoised)


class _StepSize:
    """A PID controller of the step size (Hairer & Wanner; Soderlind 2003) with a soft limit on each change."""

    def __init__(self, h: float, gains: tuple[float, float, float], order: int, safety: float) -> None:
        p, i, d = gains
        self.h = h
        self._exponents = ((p + i + d) / order, -(p + 2 * d) / order, d / order)
        self._inverse_errors: tuple[float, float, float] | None = None
        self._safety = safety

    def accept(self, error: float) -> bool:
        """Take the error of a step (1 is the tolerance), choose the next size and say if the step stands."""
        now = 1 / (error + 1e-8)
        _, last, before = self._inverse_errors or (now, now, now)
        factor = math.prod(e**k for e, k in zip((now, last, before), self._exponents, strict=True))
        factor = 1 + math.atan(factor - 1)
        accepted = factor >= self._safety
        self._inverse_errors = (now, now, last) if accepted else (now, last, before)
        self.h *= factor
        return accepted


def _below(t: float, t_next: float, end: float, eta: float) -> float:
    """Return where the deterministic part of a step from `t` to `t_next` ends: further on, but within the run."""
    if not eta:
        return t_next
    down, _ = split_ancestral(math.exp(-t), math.exp(-t_next), eta)
    return min(end, -math.log(down)) if down > 0 else end


def dpm_adaptive(
    denoise: Denoiser,
    x: torch.Tensor,
    sigmas: torch.Tensor,
    *,
    order: int = 3,
    rtol: float = 0.05,
    atol: float = 0.0078,
    h_init: float = 0.05,
    pcoeff: float = 0.0,
    icoeff: float = 1.0,
    dcoeff: float = 0.0,
    accept_safety: float = 0.81,
    noise: NoiseSource | None = None,
    eta: float = 0.0,
    s_noise: float = 1.0,
) -> Iterator[Step]:
    """Choose steps so that orders `order - 1` and `order` (2 or 3) agree to `rtol` relatively and `atol` absolutely.

    With `noise` and an `eta` above 0 each step goes below its level and comes back up with fresh noise.

    How many steps there will be is not known beforehand: `index` and `total` of a step tell how much of
    the way in log sigma is done, in units of the steps asked for.
    """
    start, end = _span(sigmas)
    size = _StepSize(h_init, (pcoeff, icoeff, dcoeff), order, accept_safety)
    previous, t = x, start
    while t < end - 1e-5:
        t_next = min(end, t + size.h)
        solver = _Solver(denoise, x, t)
        below = _below(t, t_next, end, eta if noise else 0.0)
        low = solver.order_1(below) if order == 2 else solver.order_2(below, r=1 / 3)
        high = solver.order_2(below) if order == 2 else solver.order_3(below)
        tolerance = (rtol * low.abs().maximum(previous.abs())).clamp_min(atol)
        error = ((low - high) / tolerance).square().mean().sqrt().item()
        if math.isfinite(error) and not size.accept(error):  # no step, however small, mends what is no number
            continue
        if noise and below != t_next:
            up = math.sqrt(math.exp(-2 * t_next) - math.exp(-2 * below))
            high = high + noise(math.exp(-t), math.exp(-t_next)) * (s_noise * up)
        previous, x, t = low, high, t_next
        total = len(sigmas) - 1
        done = min(int(total * (t - start) / (end - start)), total - 1) if t < end - 1e-5 else total - 1
        yield Step(done, total, math.exp(-t), x, solver.denoised)
