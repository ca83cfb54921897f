"""Standard output that survives its reader and its encoding."""

from __future__ import annotations

import io
import os
import sys


def accept_any_text() -> None:
    """Let standard output and error take every text: signs that their encoding lacks are written as escapes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # None where the caller has closed it
            stream.reconfigure(errors="backslashreplace")


def say(line: str) -> None:
    """Print a line on standard output at once.

    When nobody reads it any more (`| head`), or its disk is full, what follows is silent: the work goes on and its
    files are written.
    """
    try:
        print(line, flush=True)
    except BrokenPipeError:
        _silence()
    except OSError as error:
        _silence()
        print(f"Warning: standard output cannot be written ({error.strerror}).", file=sys.stderr)


def _silence() -> None:
    """Send standard output nowhere, with what its buffer still holds: Python flushes that when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
