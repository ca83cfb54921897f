"""How long a training still takes."""

from __future__ import annotations

import time

LOOKED_BACK = 50  # steps whose pace tells how long the rest takes


class Pace:
    """How long steps take, of late."""

    def __init__(self) -> None:
        self._times = [time.monotonic()]

    def seconds_left(self, steps: int) -> float:
        """How long so many more take, told at the end of one."""
        self._times = [*self._times[-LOOKED_BACK:], time.monotonic()]
        return steps * (self._times[-1] - self._times[0]) / max(1, len(self._times) - 1)

    def forget(self) -> None:
        """Begin anew: something else has taken time."""
        self._times = [time.monotonic()]
