"""ControlNets in a run: from when to when each counts, and what they add together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING

import torch

from models.compositing import fit_batch
from models.sdxl.unet import Residuals

if TYPE_CHECKING:
    from models.adapters.controlnet import Control
    from models.types import Model


@dataclass(frozen=True, eq=False)
class RunningControl:
    """One picture that steers a run."""

    control: Control
    first_sigma: float  # counts from this noise level ...
    last_sigma: float  # ... down to this one
    _hints: dict[tuple[int, int], torch.Tensor] = field(default_factory=dict[tuple[int, int], torch.Tensor])

    def active(self, sigma: float) -> bool:
        """Say whether it counts at a noise level."""
        return self.last_sigma <= sigma <= self.first_sigma

    def hint(self, x: torch.Tensor, each: int) -> torch.Tensor:
        """Return hints for latents x [B, C, h, w], every `each` of which make a batch that the hints are dealt to."""
        size = x.shape[-2], x.shape[-1]
        if size not in self._hints:
            self._hints[size] = self.control.at_size(*size).to(x)
        return fit_batch(self._hints[size], each).repeat(len(x) // each, 1, 1, 1)


class RunningControls:
    """Makes `RunningControl`s for a model, the same one for the same picture in several prompts."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._made: dict[int, RunningControl] = {}

    def of(self, controls: Iterable[Control]) -> tuple[RunningControl, ...]:
        """Return what the run needs of a prompt's pictures. Raises ValueError for one made for another model."""
        return tuple(self._one(control) for control in controls)

    def _one(self, control: Control) -> RunningControl:
        if id(control) not in self._made:
            control.net.check(self._model)
            first, last = map(self._model.schedule.percent_to_sigma, (control.start_percent, control.end_percent))
            self._made[id(control)] = RunningControl(control, first, last)
        return self._made[id(control)]


def steering(
    controls: Sequence[RunningControl],
    sigma: float,
    each: int,
    x: torch.Tensor,
    timesteps: torch.Tensor,
    context: torch.Tensor,
    label: torch.Tensor | None,
) -> Residuals | None:
    """Return what all pictures that count at `sigma` add together; None if none does.

    `x` and what follows are the network's own arguments; `each` is how many of the latents are one batch.
    """
    total: Residuals | None = None
    for running in controls:
        if running.active(sigma):
            added = running.control.residuals(x, running.hint(x, each), timesteps, context, label)
            total = added if total is None else _sum(total, added)
    return total


def _sum(one: Residuals, other: Residuals) -> Residuals:
    return Residuals(
        [_plus(*pair) for pair in zip_longest(one.skips, other.skips)],
        _plus(one.middle, other.middle),
        [_plus(*pair) for pair in zip_longest(one.inputs, other.inputs)],
    )


def _plus(one: torch.Tensor | None, other: torch.Tensor | None) -> torch.Tensor | None:
    if one is None or other is None:
        return other if one is None else one
    return one + other
