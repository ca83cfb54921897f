"""What a training tells while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor


@dataclass(frozen=True)
class Preparing:
    """Something is computed before the first step."""

    what: str
    done: int
    total: int


@dataclass(frozen=True)
class StepDone:
    """A step was learned."""

    step: int  # counted from 1
    steps: int
    loss: float
    rate: float
    seconds_left: float


@dataclass(frozen=True, eq=False)
class SampleMade:
    """A picture of how far it is."""

    step: int  # that have been learned
    number: int  # of the prompt, from 1
    prompt: str
    path: Path
    image: Tensor  # [1, H, W, 3] in 0..1


@dataclass(frozen=True)
class StateSaved:
    """What a killed job would resume from."""

    step: int
    path: Path


@dataclass(frozen=True)
class Finished:
    """The result is written."""

    result: Path
    loss_plot: Path


Event = Preparing | StepDone | SampleMade | StateSaved | Finished
