"""Events on their way from any thread to a sink on the event loop's thread, in order."""

from __future__ import annotations

import asyncio
from collections import deque

from execution.events import Event, Sink

PAUSE = (
    0.004  # seconds between two looks while events keep coming; waking the event loop for each costs more than nodes
)


class Outbox:
    """Collects events. The first is given on at once, those that follow closely a few milliseconds later."""

    def __init__(self, sink: Sink | None, loop: asyncio.AbstractEventLoop) -> None:
        self._sink = sink
        self._loop = loop
        self._events: deque[Event] = deque()
        self._awake = False  # the event loop will look again without being told

    def put(self, event: Event) -> None:
        """Send an event; from any thread."""
        if self._sink is None:
            return
        self._events.append(event)
        if not self._awake:
            self._awake = True
            self._loop.call_soon_threadsafe(self._look)

    def _look(self) -> None:
        if not self._events:
            self._awake = False
            if not self._events:  # still, after everybody can see that nobody looks
                return
            self._awake = True
        self.flush()
        self._loop.call_later(PAUSE, self._look)

    def flush(self) -> None:
        """Give the sink what has come; on the event loop's thread."""
        while self._events:
            event = self._events.popleft()
            if self._sink is not None:
                self._sink(event)
