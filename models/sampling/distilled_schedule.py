"""The noise levels of models distilled for few steps: every n-th of those that their teacher knew."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from models.sampling.noise_schedule import NoiseSchedule
from models.sampling.predictions import Prediction

ORIGINAL_STEPS = 50  # that the teacher took; a latent consistency model was trained at their timesteps alone


@dataclass(frozen=True, eq=False)
class DistilledSchedule(NoiseSchedule):
    """A schedule of few levels, at the timesteps `stride` - 1, 2 `stride` - 1, ... (Luo et al. 2023, 2310.04378)."""

    stride: int = 1

    @classmethod
    def thinned(
        cls, teacher: NoiseSchedule, prediction: Prediction = "lcm", steps: int = ORIGINAL_STEPS
    ) -> NoiseSchedule:
        """Return `steps` of a schedule's levels, evenly spaced and with its noisiest."""
        stride = len(teacher.sigmas) // steps
        kept = torch.arange(1, steps + 1) * stride - 1 + len(teacher.sigmas) - steps * stride
        return cls(teacher.sigmas[kept], prediction, teacher.sigma_data, stride)

    @property
    def last_timestep(self) -> float:
        """See `NoiseSchedule`."""
        return len(self.sigmas) * self.stride - 1

    def timestep(self, sigma: float) -> float:
        """Return the teacher's timestep of the nearest level."""
        return self.nearest(sigma) * self.stride + self.stride - 1

    def sigma(self, timestep: torch.Tensor | float) -> torch.Tensor:
        """Return the noise level at a timestep of the teacher; logarithms are interpolated between the kept ones."""
        kept = (torch.as_tensor(timestep, dtype=torch.float32) - (self.stride - 1)) / self.stride
        return NoiseSchedule.sigma(self, kept)
