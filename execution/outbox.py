"""Events on their way from any thread to a sink on the event loop's thread, in order."""

from __future__ import annotations

import asyncio
from collections import deque

from execution.events import Event, Sink


class Outbox:
    """Collects events; the event loop is woken once for many that come close together."""

    def __init__(self, sink: Sink | None, loop: asyncio.AbstractEventLoop) -> None:
        self._sink = sink
        self._loop = loop
        self._events: deque[Event] = deque()
        self._scheduled = False

    def put(self, event: Event) -> None:
        """Send an event; from any thread."""
        if self._sink is None:
            return
        self._events.append(event)
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon_threadsafe(self.flush)

    def flush(self) -> None:
        """Give the sink what has come; on the event loop's thread."""
        self._scheduled = False  # before emptying: an event put from now on asks for another flush
        while self._events:
            event = self._events.popleft()
            if self._sink is not None:
                self._sink(event)
