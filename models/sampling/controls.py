"""Steering pictures in a run: from when to when each counts, and what they add together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING

import torch

from models.adapters.control import each_residual
from models.compositing import fit_batch
from models.sdxl.unet import Residuals

if TYPE_CHECKING:
    from models.adapters.control import Control, Prepared, Steering
    from models.types import Model


@dataclass(frozen=True, eq=False)
class RunningControl:
    """One picture that steers a run."""

    control: Control
    steering: Steering  # its network, for the model of the run
    first_sigma: float  # counts from this noise level ...
    last_sigma: float  # ... down to this one
    _prepared: dict[tuple[int, int], Prepared] = field(default_factory=dict[tuple[int, int], "Prepared"])

    def active(self, sigma: float) -> bool:
        """Say whether it counts at a noise level."""
        return self.last_sigma <= sigma <= self.first_sigma

    def residuals(
        self,
        x: torch.Tensor,
        each: int,
        timesteps: torch.Tensor,
        context: torch.Tensor,
        label: torch.Tensor | None,
    ) -> Residuals:
        """Return what it adds for latents x [B, C, h, w], every `each` of which make a batch.

        The hints are dealt to the entries of each batch.
        """
        size = x.shape[-2], x.shape[-1]
        if size not in self._prepared:
            made = self.steering.prepare(self.control.picture, *size)
            self._prepared[size] = tuple(one.to(x) for one in made)
        dealt = tuple(fit_batch(fit_batch(one, each), len(x)) for one in self._prepared[size])
        added = self.steering.residuals(dealt, x, timesteps, context, label)
        return each_residual(added, lambda one: one * self.control.strength)


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
            steering = control.net.for_model(self._model)
            first, last = map(self._model.schedule.percent_to_sigma, (control.start_percent, control.end_percent))
            self._made[id(control)] = RunningControl(control, steering, first, last)
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
            added = running.residuals(x, each, timesteps, context, label)
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
