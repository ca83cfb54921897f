"""Noise schedules of models that know any noise level, not a table of timesteps."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from models.sampling.noise_schedule import NoiseSchedule
from models.sampling.predictions import Prediction

LEVELS = 1000  # in the table by which schedulers of discrete models find their way


@dataclass(frozen=True, eq=False)
class ContinuousSchedule(NoiseSchedule):
    """Levels between two bounds, evenly spaced in the logarithm where a table of them is asked for."""

    @classmethod
    def between(
        cls, sigma_min: float, sigma_max: float, prediction: Prediction, sigma_data: float = 1.0
    ) -> NoiseSchedule:
        """Return the schedule from `sigma_min` > 0 to `sigma_max`.

        Raises:
            ValueError: these are no two rising positive levels.
        """
        if not 0 < sigma_min < sigma_max:
            raise ValueError(
                f"The least noise level ({sigma_min:g}) must be above 0 and below the highest ({sigma_max:g}). "
                "Change sigma_min or sigma_max."
            )
        sigmas = torch.linspace(math.log(sigma_min), math.log(sigma_max), LEVELS).exp()
        return cls(sigmas, prediction, sigma_data)

    def _sigma_left(self, share: float) -> float:
        low, high = math.log(self.sigma_min), math.log(self.sigma_max)
        return math.exp(low + (high - low) * share)


@dataclass(frozen=True, eq=False)
class EdmSchedule(ContinuousSchedule):
    """The network is told a quarter of the level's logarithm (Karras et al. 2022, table 1, c_noise)."""

    @property
    def last_timestep(self) -> float:
        """See `NoiseSchedule`."""
        return self.timestep(self.sigma_max)

    def timestep(self, sigma: float) -> float:
        """Return ln(sigma) / 4."""
        return 0.25 * math.log(sigma)

    def sigma(self, timestep: torch.Tensor | float) -> torch.Tensor:
        """Return the level of that quarter of a logarithm."""
        return (torch.as_tensor(timestep, dtype=torch.float32) / 0.25).exp()


@dataclass(frozen=True, eq=False)
class VSchedule(ContinuousSchedule):
    """The network is told the angle between signal and noise, 0 .. 1 for 0 .. 90 degrees (Salimans & Ho 2022)."""

    @property
    def last_timestep(self) -> float:
        """See `NoiseSchedule`."""
        return self.timestep(self.sigma_max)

    def timestep(self, sigma: float) -> float:
        """Return the arc tangent of the level, a right angle being 1."""
        return math.atan(sigma) / math.pi * 2

    def sigma(self, timestep: torch.Tensor | float) -> torch.Tensor:
        """Return the tangent of that angle."""
        return (torch.as_tensor(timestep, dtype=torch.float32) * (math.pi / 2)).tan()
