"""Where the server and its workers write what they log: the console panel's logbook, and the terminal."""

from __future__ import annotations

import logging
import sys

from execution.logbook import Logbook, LogLine

SERVER = "server"


class _ToLogbook(logging.Handler):
    def __init__(self, logs: Logbook) -> None:
        super().__init__()
        self._logs = logs

    def emit(self, record: logging.LogRecord) -> None:
        self._logs.write(SERVER, self.format(record))


def log_to(logs: Logbook) -> None:
    """Send what this process logs to the logbook; warnings, and all that workers print, to the terminal too."""
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.WARNING)
    logging.basicConfig(level=logging.INFO, handlers=[_ToLogbook(logs), terminal], format="%(message)s", force=True)
    logs.listen(_show)


def _show(line: LogLine) -> None:
    if line.source != SERVER:
        print(f"[{line.source}] {line.text}", file=sys.stderr, flush=True)
