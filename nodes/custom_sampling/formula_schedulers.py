"""Schedulers that follow a formula between two noise levels, whatever the model."""

from typing import Annotated

from execution.fields import Help, Range
from execution.node import NodeInputError, node
from models.sampling import spacing
from nodes.custom_sampling.values import Highest, Least, Sigmas
from nodes.sampling import StepCount

Power = Annotated[float, Range(0, 100, step=0.01, round=False)]


@node("KarrasScheduler", category="sampling/custom_sampling/schedulers", display_name="KarrasScheduler")
def karras_scheduler(
    *,
    steps: StepCount = 20,
    sigma_max: Highest = 14.614642,
    sigma_min: Least = 0.0291675,
    rho: Annotated[Power, Help("Larger takes more of the steps at low noise.")] = 7.0,
) -> Sigmas:
    """Noise levels whose roots are evenly spaced (Karras et al. 2022)."""
    if rho <= 0:
        raise NodeInputError("rho", f"There is no root of order {rho:g}. Choose a number above 0; 7 is usual.")
    return spacing.karras_levels(steps, sigma_min, sigma_max, rho)


@node("ExponentialScheduler", category="sampling/custom_sampling/schedulers", display_name="ExponentialScheduler")
def exponential_scheduler(
    *, steps: StepCount = 20, sigma_max: Highest = 14.614642, sigma_min: Least = 0.0291675
) -> Sigmas:
    """Noise levels of which each is the same share of the one before."""
    _check_positive(sigma_max, sigma_min)
    return spacing.exponential_levels(steps, sigma_min, sigma_max)


@node(
    "PolyexponentialScheduler",
    category="sampling/custom_sampling/schedulers",
    display_name="PolyexponentialScheduler",
)
def polyexponential_scheduler(
    *,
    steps: StepCount = 20,
    sigma_max: Highest = 14.614642,
    sigma_min: Least = 0.0291675,
    rho: Annotated[Power, Help("1 is exponential; more takes more of the steps at low noise.")] = 1.0,
) -> Sigmas:
    """Noise levels whose logarithms fall along a power of an even ramp."""
    _check_positive(sigma_max, sigma_min)
    return spacing.polyexponential_levels(steps, sigma_min, sigma_max, rho)


@node("LaplaceScheduler", category="sampling/custom_sampling/schedulers", display_name="LaplaceScheduler")
def laplace_scheduler(
    *,
    steps: StepCount = 20,
    sigma_max: Highest = 14.614642,
    sigma_min: Least = 0.0291675,
    mu: Annotated[
        float, Range(-10, 10, step=0.1, round=False), Help("The logarithm of the level about which steps gather.")
    ] = 0.0,
    beta: Annotated[float, Range(0, 10, step=0.1, round=False), Help("How widely they are spread.")] = 0.5,
) -> Sigmas:
    """Noise levels gathered about one (Hang & Gu 2024). The last is not 0: a little noise is left."""
    if sigma_min > sigma_max:
        raise NodeInputError("sigma_min", f"It is above sigma_max ({sigma_min:g} > {sigma_max:g}). Exchange them.")
    return spacing.laplace_levels(steps, sigma_min, sigma_max, mu, beta)


@node("VPScheduler", category="sampling/custom_sampling/schedulers", display_name="VPScheduler")
def vp_scheduler(
    *,
    steps: StepCount = 20,
    beta_d: Annotated[
        float, Range(0, 5000, step=0.01, round=False), Help("How much faster noise is added at the end than at first.")
    ] = 19.9,
    beta_min: Annotated[float, Range(0, 5000, step=0.01, round=False), Help("How fast noise is added at first.")] = 0.1,
    eps_s: Annotated[
        float, Range(0, 1, step=0.0001, round=False), Help("The time of the last level before 0; the first is at 1.")
    ] = 0.001,
) -> Sigmas:
    """Noise levels at even times of the variance preserving process (Song et al. 2021)."""
    levels = spacing.vp_levels(steps, beta_d, beta_min, eps_s)
    if not levels.isfinite().all():
        raise NodeInputError("beta_d", "These rates make more noise than a number can hold. Lower beta_d or beta_min.")
    return levels


def _check_positive(sigma_max: float, sigma_min: float) -> None:
    for name, level in (("sigma_max", sigma_max), ("sigma_min", sigma_min)):
        if level <= 0:
            raise NodeInputError(name, f"Levels are spaced by their logarithms, and {level:g} has none. Raise it.")
