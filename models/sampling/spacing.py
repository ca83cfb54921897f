"""Formulas that space noise levels between two bounds, whatever the model; after k-diffusion and the papers named.

All return float32 levels, falling. Those that end in 0 have one more than the `steps` asked for.
"""

from __future__ import annotations

import math

import torch

NEAR_ZERO = 1e-5  # keeps the logarithm at the ends of the Laplace distribution finite


def ending_in_zero(sigmas: torch.Tensor) -> torch.Tensor:
    """Return the levels [n] and a last one of 0."""
    return torch.cat([sigmas, sigmas.new_zeros(1)])


def karras_levels(steps: int, sigma_min: float, sigma_max: float, rho: float = 7.0) -> torch.Tensor:
    """Space the rho-th roots of the levels evenly, then 0 (Karras et al. 2022, equation 5)."""
    ramp = torch.linspace(0, 1, steps)
    high, low = sigma_max ** (1 / rho), sigma_min ** (1 / rho)
    return ending_in_zero((high + ramp * (low - high)) ** rho)


def exponential_levels(steps: int, sigma_min: float, sigma_max: float) -> torch.Tensor:
    """Space the logarithms of the levels evenly, then 0."""
    return ending_in_zero(torch.linspace(math.log(sigma_max), math.log(sigma_min), steps).exp())


def polyexponential_levels(steps: int, sigma_min: float, sigma_max: float, rho: float = 1.0) -> torch.Tensor:
    """Let the logarithms fall along a power `rho` of an even ramp, then 0: above 1 low noise gets more of the steps."""
    low, high = math.log(sigma_min), math.log(sigma_max)
    return ending_in_zero((torch.linspace(1, 0, steps) ** rho * (high - low) + low).exp())


def laplace_levels(steps: int, sigma_min: float, sigma_max: float, mu: float = 0.0, beta: float = 0.5) -> torch.Tensor:
    """Take even quantiles of a Laplace distribution of log sigma about `mu` (Hang & Gu 2024, arXiv 2407.03297).

    Levels beyond the bounds are moved to them, so some at either end may be equal. There is no 0 at the end.
    """
    left = 0.5 - torch.linspace(0, 1, steps)
    logs = mu - beta * left.sign() * (1 - 2 * left.abs() + NEAR_ZERO).log()
    return logs.exp().clamp(sigma_min, sigma_max)


def vp_levels(steps: int, beta_d: float = 19.9, beta_min: float = 0.1, eps_s: float = 1e-3) -> torch.Tensor:
    """Space the time of the variance preserving process evenly from 1 to `eps_s`, then 0 (Song et al. 2021).

    Its beta rises from `beta_min` by `beta_d`, so log(1 + sigma^2) = beta_d t^2 / 2 + beta_min t.
    """
    time = torch.linspace(1, eps_s, steps)
    return ending_in_zero(torch.expm1(beta_d * time**2 / 2 + beta_min * time).sqrt())
