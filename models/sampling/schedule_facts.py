"""A noise schedule in a few facts, and the same schedule made of them again: what files can keep of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch

from models.sampling.continuous_schedule import EdmSchedule, VSchedule
from models.sampling.distilled_schedule import DistilledSchedule
from models.sampling.noise_schedule import NoiseSchedule, scaled_linear_alphas_cumprod
from models.sampling.predictions import Prediction
from models.sampling.zero_terminal_snr import zero_terminal_snr

Kind = Literal["discrete", "distilled", "edm", "v"]


@dataclass(frozen=True)
class ScheduleFacts:
    """Of discrete and distilled schedules the bounds, of continuous ones `zero_terminal` and `steps` mean nothing."""

    kind: Kind = "discrete"
    prediction: Prediction = "epsilon"
    zero_terminal: bool = False  # whether the last timestep holds no signal
    steps: int = 0  # how many of its teacher's levels a distilled schedule keeps
    sigma_min: float = 0.0
    sigma_max: float = 0.0
    sigma_data: float = 1.0

    def schedule(self) -> NoiseSchedule:
        """Return the schedule.

        Raises:
            ValueError: there is none with these bounds, or of so many steps.
        """
        if self.kind in ("edm", "v"):
            kind = EdmSchedule if self.kind == "edm" else VSchedule
            return kind.between(self.sigma_min, self.sigma_max, self.prediction, self.sigma_data)
        alphas_cumprod = scaled_linear_alphas_cumprod()
        if self.zero_terminal:
            alphas_cumprod = zero_terminal_snr(alphas_cumprod)
        teacher = NoiseSchedule.from_alphas_cumprod(alphas_cumprod, self.prediction)
        if self.kind == "discrete":
            return teacher
        if not 0 < self.steps <= len(teacher.sigmas):
            raise ValueError(f"A distilled model knows 1 to {len(teacher.sigmas)} noise levels, not {self.steps}.")
        return DistilledSchedule.thinned(teacher, self.prediction, self.steps)


def facts_of(schedule: NoiseSchedule) -> ScheduleFacts | None:
    """Return what makes the schedule again, or None for one with noise levels of its own."""
    if isinstance(schedule, (EdmSchedule, VSchedule)):
        kind: Kind = "edm" if isinstance(schedule, EdmSchedule) else "v"
        bounds = (_decimal(schedule.sigma_min), _decimal(schedule.sigma_max))
        found = [ScheduleFacts(kind, schedule.prediction, False, 0, *bounds, schedule.sigma_data)]
    elif isinstance(schedule, DistilledSchedule):
        steps = len(schedule.sigmas)
        found = [ScheduleFacts("distilled", schedule.prediction, zero, steps) for zero in (False, True)]
    else:
        found = [ScheduleFacts("discrete", schedule.prediction, zero) for zero in (False, True)]
    return next((facts for facts in found if _alike(facts.schedule(), schedule)), None)


def _alike(one: NoiseSchedule, other: NoiseSchedule) -> bool:
    same = one.sigmas.shape == other.sigmas.shape and one.sigma_data == other.sigma_data
    return same and torch.allclose(one.sigmas, other.sigmas, rtol=1e-5)


def _decimal(level: float) -> float:
    """A float32 level without the digits that it does not really have, so that 120 stays 120."""
    return level if not math.isfinite(level) else float(f"{level:.6g}")
