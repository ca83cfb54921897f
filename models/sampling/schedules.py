"""The nine schedulers by name: which noise levels a run of so many steps visits, from noisy to clean.

Every function takes the model's `NoiseSchedule` and the number of steps, and returns falling float32 noise levels
[steps + 1] that end in 0.
"""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TYPE_CHECKING

import torch

from models.sampling.beta_quantile import beta_quantile
from models.sampling.spacing import ending_in_zero, exponential_levels, karras_levels

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from models.sampling.noise_schedule import NoiseSchedule

    Scheduler = Callable[[NoiseSchedule, int], torch.Tensor]


def simple(schedule: NoiseSchedule, steps: int) -> torch.Tensor:
    """Pick every n-th of the model's own levels, counted from the noisiest."""
    stride = len(schedule.sigmas) / steps
    picked = [len(schedule.sigmas) - 1 - int(i * stride) for i in range(steps)]
    return ending_in_zero(schedule.sigmas[picked])


def normal(schedule: NoiseSchedule, steps: int) -> torch.Tensor:
    """Space timesteps evenly from the last to the first; the model's least level comes before 0."""
    start, end = schedule.timestep(schedule.sigma_max), schedule.timestep(schedule.sigma_min)
    return ending_in_zero(schedule.sigma(torch.linspace(start, end, steps)))


def sgm_uniform(schedule: NoiseSchedule, steps: int) -> torch.Tensor:
    """Space timesteps evenly, with 0 in place of the model's least level (Stability's generative-models)."""
    start, end = schedule.timestep(schedule.sigma_max), schedule.timestep(schedule.sigma_min)
    return ending_in_zero(schedule.sigma(torch.linspace(start, end, steps + 1)[:-1]))


def ddim_uniform(schedule: NoiseSchedule, steps: int) -> torch.Tensor:
    """Take every n-th timestep from 1 upwards (Song et al. 2020).

    When the number of timesteps is no multiple of `steps` the stride is rounded down, so there may be more
    steps than asked for.
    """
    stride = max(len(schedule.sigmas) // steps, 1)
    return ending_in_zero(schedule.sigmas[1::stride].flip(0))


def karras(schedule: NoiseSchedule, steps: int, rho: float = 7.0) -> torch.Tensor:
    """Space the rho-th roots of the levels evenly, between the model's."""
    return karras_levels(steps, schedule.sigma_min, schedule.sigma_max, rho)


def exponential(schedule: NoiseSchedule, steps: int) -> torch.Tensor:
    """Space the logarithms of the levels evenly."""
    return exponential_levels(steps, schedule.sigma_min, schedule.sigma_max)


def beta(schedule: NoiseSchedule, steps: int, a: float = 0.6, b: float = 0.6) -> torch.Tensor:
    """Place timesteps at quantiles of a beta distribution, dense at both ends (Lee et al. 2024, arXiv 2407.12173).

    Quantiles that round to the same timestep are taken once, so many steps may come out as fewer.
    """
    last = len(schedule.sigmas) - 1
    timesteps = [round(beta_quantile(1 - i / steps, a, b) * last) for i in range(steps)]
    return ending_in_zero(schedule.sigmas[list(dict.fromkeys(timesteps))])


def linear_quadratic(schedule: NoiseSchedule, steps: int, threshold: float = 0.025) -> torch.Tensor:
    """Remove the first `threshold` of the noise in half of the steps, evenly; the rest ever faster (Genmo's Mochi).

    The second half follows the same line plus the parabola that brings it to 1 at the end.
    """
    half = steps // 2
    slope = threshold / half if half else 0.0
    parabola = (1 - slope * steps) / (steps - half) ** 2
    removed = [slope * i + parabola * max(i - half, 0) ** 2 for i in range(steps)]
    return ending_in_zero((1 - torch.tensor(removed, dtype=torch.float64)).float() * schedule.sigma_max)


def kl_optimal(schedule: NoiseSchedule, steps: int) -> torch.Tensor:
    """Space the arc tangents of the levels evenly (Sabour et al. 2024, "Align Your Steps", theorem 3.1)."""
    ramp = torch.arange(steps, dtype=torch.float32) / max(steps - 1, 1)
    high, low = math.atan(schedule.sigma_max), math.atan(schedule.sigma_min)
    return ending_in_zero((ramp * low + (1 - ramp) * high).tan())


SCHEDULERS: Mapping[str, Scheduler] = MappingProxyType(
    {
        "simple": simple,
        "sgm_uniform": sgm_uniform,
        "karras": karras,
        "exponential": exponential,
        "ddim_uniform": ddim_uniform,
        "beta": beta,
        "normal": normal,
        "linear_quadratic": linear_quadratic,
        "kl_optimal": kl_optimal,
    }
)


def sigmas(
    schedule: NoiseSchedule, scheduler: str, steps: int, denoise: float = 1.0, *, skip_penultimate: bool = False
) -> torch.Tensor:
    """Return the noise levels of a run, float32 [steps + 1], falling, the last one 0.

    `denoise` < 1 is the end of a run that is longer by that factor, so that about that share of a picture's noise
    is added and removed; 0 gives no levels at all. `skip_penultimate` leaves out the level before 0, which
    some samplers cannot use, without taking a step away. Raises KeyError for an unknown scheduler.
    """
    if denoise <= 0:
        return torch.empty(0)
    whole_run = steps if denoise > 0.9999 else int(steps / denoise)
    levels = SCHEDULERS[scheduler](schedule, whole_run + skip_penultimate)
    if skip_penultimate:
        levels = torch.cat([levels[:-2], levels[-1:]])
    return levels if denoise > 0.9999 else levels[-(steps + 1) :]


def basic_sigmas(schedule: NoiseSchedule, scheduler: str, steps: int, denoise: float = 1.0) -> torch.Tensor:
    """Return the same for a sampler that is not known yet, and never more than `steps`.

    Where a scheduler takes a step more than asked for (`ddim_uniform`) the noisiest is left out: saved graphs of
    custom sampling rely on it.
    """
    return sigmas(schedule, scheduler, steps, denoise)[-(steps + 1) :]


def turbo_sigmas(schedule: NoiseSchedule, steps: int, denoise: float = 1.0) -> torch.Tensor:
    """Return the levels of SD-Turbo and SDXL-Turbo: the ten timesteps 999, 899 .. 99, then 0.

    A run takes the first `steps` of them (Sauer et al. 2023, "Adversarial Diffusion Distillation"), or of the share
    `denoise` of the ten that comes last.
    """
    timesteps = torch.arange(10, 0, -1) * 100 - 1
    skipped = 10 - int(10 * denoise)
    return ending_in_zero(schedule.sigma(timesteps[skipped : skipped + steps]))
