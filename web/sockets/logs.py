"""The console panel: new log lines for the websockets that asked for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

from aiohttp import web

from execution.logbook import Logbook, LogLine
from web.sockets.hub import SocketHub
from web.sockets.wire import message

SECONDS_BETWEEN = 0.1
MOST_LINES = 500
"""Lines in one message; of a flood only the newest are told."""


def log_entry(line: LogLine) -> dict[str, str]:
    """A log line as the existing API has it."""
    return {"t": datetime.fromtimestamp(line.time).isoformat(), "m": f"{line.text}\n"}


class LogFeed:
    """Passes log lines on. Lines may be written on any thread; they are gathered and sent on the event loop."""

    def __init__(self, logs: Logbook, hub: SocketHub) -> None:
        self._logs = logs
        self._hub = hub
        self._lines: list[LogLine] = []
        self._stop_listening: Callable[[], None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def subscribe(self, client_id: str, enabled: bool) -> bool:
        """Send a client new lines, or stop to; False when it is not connected."""
        client = self._hub.client(client_id)
        if client is None:
            return False
        client.wants_logs = enabled
        return True

    def start(self) -> None:
        """Begin to listen to the logbook."""
        loop = asyncio.get_running_loop()

        def written(line: LogLine) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._gather, line)

        self._stop_listening = self._logs.listen(written)

    def stop(self) -> None:
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None
        if self._timer is not None:
            self._timer.cancel()

    def _gather(self, line: LogLine) -> None:
        if not any(client.wants_logs for client in self._hub.clients()):
            return
        self._lines.append(line)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SECONDS_BETWEEN, self._send)

    def _send(self) -> None:
        self._timer = None
        lines, self._lines = self._lines[-MOST_LINES:], []
        data: dict[str, Any] = {"entries": [log_entry(line) for line in lines], "size": None}
        frame = message("logs", data)
        for client in self._hub.clients():
            if client.wants_logs:
                client.send(frame)


LOG_FEED: web.AppKey[LogFeed] = web.AppKey("log_feed", LogFeed)
