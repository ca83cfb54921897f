"""One process, or several that learn as one: each takes a part of every batch, and all share their gradients' mean.

`accelerate launch` (or torchrun) starts several; `accelerate` then finds each one's device and how they talk.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Protocol

import torch
from torch import Tensor

from models.tuning.errors import TuningError

AT_ONCE = 1 << 24  # numbers that are sent together: 64 MB


class Processes(Protocol):
    """Who takes part in a training, and which of them this process is."""

    @property
    def rank(self) -> int:
        """0 for the leader, who writes all files."""
        ...

    @property
    def size(self) -> int:
        """How many there are."""
        ...

    def average(self, parameters: Iterable[Tensor]) -> None:
        """Replace each gradient by its mean over all processes."""
        ...

    def mean(self, number: float) -> float:
        """The mean of a number over all processes."""
        ...

    def wait(self) -> None:
        """Return when all have come here."""
        ...

    def close(self) -> None:
        """Take leave of the others."""
        ...


class Alone:
    """The only process."""

    rank = 0
    size = 1

    def average(self, parameters: Iterable[Tensor]) -> None:
        """Leave the gradients as they are."""

    def mean(self, number: float) -> float:
        """The number."""
        return number

    def wait(self) -> None:
        """Return at once."""

    def close(self) -> None:
        """There is nobody to take leave of."""


class Together:
    """One of several processes that accelerate or torchrun started."""

    def __init__(self, cpu: bool) -> None:
        try:
            from accelerate import PartialState
            from accelerate.utils import reduce
        except ImportError as error:
            sentence = "Training with several processes needs accelerate. Install it: pip install accelerate."
            raise TuningError(sentence) from error
        self._state: Any = PartialState(cpu=cpu)
        self._reduce: Any = reduce
        self.rank: int = self._state.process_index
        self.size: int = self._state.num_processes

    @property
    def device(self) -> str:
        """The device of this process."""
        device: torch.device = self._state.device
        return "cpu" if device.type == "cpu" else str(device)

    def average(self, parameters: Iterable[Tensor]) -> None:
        """Send gradients in pieces of `AT_ONCE` numbers."""
        waiting: list[Tensor] = []
        for gradient in (one.grad for one in parameters if one.grad is not None):
            waiting.append(gradient)
            if sum(one.numel() for one in waiting) >= AT_ONCE:
                self._average(waiting)
                waiting = []
        if waiting:
            self._average(waiting)

    def _average(self, gradients: list[Tensor]) -> None:
        means: Tensor = self._reduce(torch.cat([one.flatten() for one in gradients]), reduction="mean")
        for gradient, mean in zip(gradients, means.split([one.numel() for one in gradients]), strict=True):
            gradient.copy_(mean.view_as(gradient))

    def mean(self, number: float) -> float:
        """By a tensor of one number."""
        told: Tensor = self._reduce(torch.tensor([number], device=self.device), reduction="mean")
        return told.item()

    def wait(self) -> None:
        """By accelerate's barrier."""
        self._state.wait_for_everyone()

    def close(self) -> None:
        """End what accelerate began."""
        self._state.destroy_process_group()


def started_together() -> bool:
    """Whether a launcher started several processes."""
    return os.environ.get("WORLD_SIZE", "1").isdigit() and int(os.environ.get("WORLD_SIZE", "1")) > 1
