"""Fractions of the way from noise to picture as SDXL's guides write them, mapped to steps as diffusers maps them.

There `denoising_end` 0.8 of the base and `denoising_start` 0.8 of the refiner mean: the base does the steps at
timesteps of 1000 - 800 and above, the refiner those below. A step counts by the noise level it begins at.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from models.sampling.continuous_schedule import ContinuousSchedule

if TYPE_CHECKING:
    import torch

    from models.sampling.noise_schedule import NoiseSchedule

DIGITS = 1e-6  # relative: two levels nearer than this are the same timestep's, computed in two ways


def steps_before(schedule: NoiseSchedule, sigmas: torch.Tensor, fraction: float) -> int:
    """Return how many of a whole run's steps belong to the first `fraction` (0..1) of the way.

    `sigmas` [steps + 1] are all of the run's levels. The fraction counts timesteps, not steps: where a scheduler spaces
    timesteps unevenly the two differ.
    """
    border = _border(schedule, fraction) * (1 - DIGITS)
    return sum(level >= border for level in sigmas[:-1].tolist())


def _border(schedule: NoiseSchedule, fraction: float) -> float:
    """Return the noise level at which the second part begins to be responsible below."""
    if isinstance(schedule, ContinuousSchedule):  # has no timesteps to count
        return schedule.percent_to_sigma(fraction)
    count = schedule.last_timestep + 1
    cutoff = round(count - fraction * count)
    if cutoff > schedule.last_timestep:
        return math.inf
    return schedule.sigma(cutoff).item() if cutoff > 0 else 0.0


def part(schedule: NoiseSchedule, sigmas: torch.Tensor, start: float, end: float) -> torch.Tensor:
    """Return the levels of the steps between two fractions; a single one when no step lies there."""
    first, last = (steps_before(schedule, sigmas, fraction) for fraction in (start, end))
    return sigmas[first : last + 1]
