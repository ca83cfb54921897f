"""Where the server and its workers write what they log: the console panel's logbook, and the terminal."""

from __future__ import annotations

import logging
import sys
import threading

from execution.logbook import Logbook, LogLine
from execution.workers.news import JobEnded, News

SERVER = "server"


class _ToLogbook(logging.Handler):
    """Writes what the process logs to the logbook. Only warnings and errors are `shown`."""

    def __init__(self, logs: Logbook) -> None:
        super().__init__()
        self._logs = logs
        self._quiet = threading.local()  # listeners are called on the thread that logs

    def emit(self, record: logging.LogRecord) -> None:
        self._quiet.now = record.levelno < logging.WARNING
        try:
            self._logs.write(SERVER, self.format(record))
        finally:
            self._quiet.now = False

    def show(self, line: LogLine) -> None:
        """Print a line of the logbook, unless it was logged as a mere information."""
        if not getattr(self._quiet, "now", False):
            source = "" if line.source == SERVER else f"[{line.source}] "
            print(f"{source}{line.text}", file=sys.stderr, flush=True)


def log_to(logs: Logbook) -> None:
    """Send what this process logs to the logbook; warnings, and all else that is written there, to the terminal too."""
    handler = _ToLogbook(logs)
    logging.basicConfig(level=logging.INFO, handlers=[handler], format="%(message)s", force=True)
    logs.listen(handler.show)


def tell_failures(news: News, logs: Logbook) -> None:
    """Write down why a job failed. What a node did not mean to raise has its traceback: its author looks here."""
    if not isinstance(news, JobEnded) or news.job.outcome is None or (error := news.job.outcome.error) is None:
        return
    at = f" at node {error.node} ({error.node_type})" if error.node is not None else ""
    logs.write(SERVER, f"Job {news.job.id} failed{at}: {error.message.strip()}")
    if error.kind == "node" and not error.exception_type.endswith("NodeInputError"):
        logs.write(SERVER, "".join(error.traceback))
