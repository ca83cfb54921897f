"""One training at a time in a folder: two would write over each other's state."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from models.tuning.errors import TuningError

FILE = "running.lock"


@contextmanager
def only_one(folder: Path) -> Generator[None]:
    """Hold a folder that is there; the system lets go of it however the process ends.

    Raises:
        TuningError: another training holds it.
    """
    with (folder / FILE).open("a+b") as file:
        try:
            _hold(file)
        except OSError as error:
            raise TuningError(
                f"Another training is running in {folder}. Wait until it has ended, or give this one another name."
            ) from error
        yield


def _hold(file: IO[bytes]) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
