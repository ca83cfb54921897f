"""Hooks in a run: the weights that each prompt is asked with, noise level by noise level."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from models.adapters.keyframes import KeyframeRun, Keyframes
from models.adapters.weight_patches import Patches
from models.checkpoints.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.adapters.hooks import Adjustable, Hook, Hooks
    from models.sampling.run_start import RunStart
    from models.types import Model

Strengths = tuple[float, ...]


@dataclass(frozen=True, eq=False)
class _RunningHook:
    """One hook, fitted to the run's model."""

    changes: Mapping[str, Adjustable]
    strength: float
    keyframes: KeyframeRun

    def strength_at(self, sigma: float) -> float:
        return self.strength * self.keyframes.strength(sigma)


@dataclass(eq=False)
class _HookedWeights:
    """The patches of prompts that have the same hooks. Asked twice at the same strengths it gives the same object."""

    own: Patches  # the model's, which come first
    hooks: list[_RunningHook]
    _made: tuple[Strengths, Patches] | None = field(default=None)

    def __call__(self, sigma: float) -> Patches:
        strengths = tuple(hook.strength_at(sigma) for hook in self.hooks)
        if self._made is None or self._made[0] != strengths:
            self._made = strengths, self._patches(strengths)
        return self._made[1]

    def _patches(self, strengths: Strengths) -> Patches:
        patches = self.own
        for hook, strength in zip(self.hooks, strengths, strict=True):
            if strength:
                patches = patches.plus({name: change.at(strength) for name, change in hook.changes.items()})
        return patches


class RunningHooks:
    """Fits prompts' hooks to the model of a run; equal hooks share what is made of them, so prompts stay together."""

    def __init__(self, model: Model, start: RunStart) -> None:
        self._model = model
        self._first_sigma = float(start.sigmas[0])
        self._changes: dict[int, Mapping[str, Adjustable]] = {}
        self._frames: dict[int, KeyframeRun] = {}
        self._weights: dict[tuple[tuple[int, int], ...], _HookedWeights] = {}
        self._kept: list[object] = []  # what the numbers above are ids of

    def of(self, hooks: Hooks | None) -> Callable[[float], Patches] | None:
        """Return the weights' patches by noise level; None where the hooks change nothing of the network.

        Raises:
            ValueError: a hook was made for another model.
        """
        counting = [hook for hook in hooks.hooks if hook.strength_model] if hooks is not None else []
        key = tuple((id(hook.key), id(hook.keyframes)) for hook in counting)
        if not key:
            return None
        if key not in self._weights:
            self._kept += counting
            self._weights[key] = _HookedWeights(self._model.patches, [self._running(hook) for hook in counting])
        return self._weights[key]

    def _running(self, hook: Hook) -> _RunningHook:
        if id(hook.key) not in self._changes:
            try:
                self._changes[id(hook.key)] = hook.source.model_changes(self._model)
            except CheckpointError as error:
                raise ValueError(f"A hook of a prompt does not fit the model. {error}") from error
        return _RunningHook(self._changes[id(hook.key)], hook.strength_model, self._following(hook.keyframes))

    def _following(self, keyframes: Keyframes) -> KeyframeRun:
        """Where the keyframes are: the same for all hooks that have them, which are asked at the same levels."""
        if id(keyframes) not in self._frames:
            run = KeyframeRun(keyframes, self._model.schedule.percent_to_sigma, self._first_sigma)
            self._frames[id(keyframes)] = run
        return self._frames[id(keyframes)]
