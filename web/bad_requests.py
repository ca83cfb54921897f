"""What is no HTTP request takes one line of the log: port scanners would fill it with tracebacks otherwise."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.log import server_logger

MOST_CHARACTERS = 200


class InOneLine(logging.Filter):
    """For the log of aiohttp's server; errors of other kinds keep their traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, (HttpProcessingError, web.RequestPayloadError)):
            why = " ".join(str(error).split())[:MOST_CHARACTERS]
            record.msg, record.args = f"{record.getMessage()}: {why}", None
            record.exc_info = record.exc_text = None
            record.levelno, record.levelname = logging.INFO, "INFO"
        return True


async def log_bad_requests_in_one_line(app: web.Application) -> AsyncIterator[None]:
    """A cleanup context: while the application serves."""
    one_line = InOneLine()
    server_logger.addFilter(one_line)
    yield
    server_logger.removeFilter(one_line)
