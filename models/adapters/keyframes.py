"""How strongly a hook holds while a picture is denoised: strengths at keyframes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

Percent = float
"""A share of the denoising: 0 the noise, 1 the finished picture."""

EASINGS: Mapping[str, Callable[[float], float]] = {
    "linear": lambda way: way,
    "ease_in": lambda way: way**2,
    "ease_out": lambda way: 1 - (1 - way) ** 2,
    "ease_in_out": lambda way: (1 - math.cos(math.pi * way)) / 2,
}
"""How far a value has come, 0..1, when a share of the way has passed: slow at the start, the end or both."""


@dataclass(frozen=True)
class Keyframe:
    """A strength that holds from a share of the denoising on, until the next keyframe."""

    strength: float
    start: Percent
    guaranteed: int = 1  # steps for which it holds even where the next keyframe has come; 0: it may be passed over


@dataclass(frozen=True)
class Keyframes:
    """Keyframes in the order of their starts. Immutable."""

    frames: tuple[Keyframe, ...] = ()

    def plus(self, *frames: Keyframe) -> Keyframes:
        """These and further ones."""
        return replace(self, frames=tuple(sorted((*self.frames, *frames), key=lambda frame: frame.start)))

    def ranges(self) -> list[tuple[Percent, Percent, float]]:
        """(from, to, strength) of the spans of equal strength, from the first keyframe's start up to 1."""
        found: list[tuple[Percent, Percent, float]] = []
        current = self.frames[0]
        for frame in self.frames:
            if frame.start == current.start:
                current = frame
            elif not math.isclose(frame.strength, current.strength):
                found.append((current.start, frame.start, current.strength))
                current = frame
        if not math.isclose(current.start, 1.0):
            found.append((current.start, 1.0, current.strength))
        return found


def spread(strengths: Sequence[float], start: Percent, end: Percent) -> list[Keyframe]:
    """Keyframes at even distances from `start` to `end`. Only the first is guaranteed a step."""
    last = max(len(strengths) - 1, 1)
    return [
        Keyframe(strength, start + (end - start) * number / last, 1 if number == 0 else 0)
        for number, strength in enumerate(strengths)
    ]


def eased(first: float, last: float, count: int, easing: str) -> list[float]:
    """`count` strengths, at least two, from the first to the last, as `EASINGS` says."""
    ease = EASINGS[easing]
    return [first + (last - first) * ease(number / (count - 1)) for number in range(count)]


@dataclass
class KeyframeRun:
    """Follows keyframes through one run, whose noise levels it is asked about in their order.

    `to_sigma` gives the noise level of a share of the denoising; `first_sigma` is where the run begins.
    """

    keyframes: Keyframes
    to_sigma: Callable[[Percent], float]
    first_sigma: float
    _number: int = 0  # of the keyframe that holds
    _steps: int = 0  # for which it has held
    _starts: list[float] = field(init=False)  # noise levels
    _asked: float | None = None

    def __post_init__(self) -> None:
        self._starts = [self.to_sigma(frame.start) for frame in self.keyframes.frames]

    def strength(self, sigma: float) -> float:
        """The strength at a noise level; 1 where there are no keyframes. Before the first starts, it holds already."""
        if not self._starts:
            return 1.0
        if sigma != self._asked:
            self._asked = sigma
            self._move_on(sigma)
            self._steps += 1
        return self.keyframes.frames[self._number].strength

    def _move_on(self, sigma: float) -> None:
        if self._steps < self._guaranteed(self._number):
            return
        for number in range(self._number + 1, len(self._starts)):
            if self._starts[number] < sigma:
                return
            self._number, self._steps = number, 0
            if self._guaranteed(number):
                return

    def _guaranteed(self, number: int) -> int:
        """The steps that a keyframe has for sure: none where it started before the run did."""
        return self.keyframes.frames[number].guaranteed if self._starts[number] <= self.first_sigma else 0
