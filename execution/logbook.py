"""The last lines that the server and its workers logged, for the editor's console panel."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line; `time` is Unix seconds."""

    time: float
    source: str  # "server", "worker cpu" ...
    text: str  # without the line end


class Logbook:
    """Bounded; whoever listens hears each new line, on the thread that writes it."""

    def __init__(self, lines: int = 2_000) -> None:
        self.lines: deque[LogLine] = deque(maxlen=lines)
        self._listeners: list[Callable[[LogLine], None]] = []

    def write(self, source: str, text: str) -> None:
        line = LogLine(time.time(), source, text.rstrip("\n")[:10_000])
        self.lines.append(line)
        for listener in tuple(self._listeners):
            listener(line)

    def listen(self, listener: Callable[[LogLine], None]) -> Callable[[], None]:
        """Hear new lines; returns how to stop hearing them."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)
