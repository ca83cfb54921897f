"""Looking for damage in a database file, and saving what can be read of it."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from execution.jobs.connection import INDEX, LOG, untouching
from execution.jobs.copying import copy_readable
from execution.jobs.errors import StoreFull, explained
from execution.jobs.first_page import with_first_page
from execution.jobs.migrations import Migrations, is_whole

FORMAT = slice(18, 20)  # where the file says how it may be written and read: 1 or 2, each
SMALLEST = 512  # bytes of a database of one page, as small as pages may be


@dataclass(frozen=True, slots=True)
class Salvage:
    """What was done about a damaged file."""

    reason: str
    backup: Path  # the damaged file, as it was found
    rows: dict[str, int]  # table -> rows that could be read
    broken: frozenset[str]  # tables that could not be read to their end
    beginning_lost: bool  # so that only the first owner's tables were found


def damage(path: Path) -> str | None:
    """What is wrong with the file; None: nothing. Looks at every page."""
    size = path.stat().st_size
    if size < SMALLEST:  # SQLite would take it for a new one
        return "the file is empty" if size == 0 else f"the file has {size} bytes, which is less than any database"
    with path.open("rb") as file:
        if not set(file.read(FORMAT.stop)[FORMAT]) <= {1, 2}:  # SQLite would take it for one of a later version
            return "its beginning is spoilt"
    try:
        with contextlib.closing(untouching(path)) as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
    except sqlite3.Error as error:
        if isinstance(explained(error, path), StoreFull):
            raise
        return str(error)
    except UnicodeDecodeError:  # of SQLite's message, which quotes what it found
        return "the list of its tables is not readable"
    return None if found == ["ok"] else "; ".join(line.replace("\n", " ") for line in found)


def salvage(path: Path, reason: str, owner: str, steps: Migrations) -> Salvage:
    """Move the damaged file aside, and put one in its place with all that can be read of it.

    At any moment either the damaged file or the finished new one is there (see `finish_salvage`). Where the file's
    beginning is lost, it is taken from a new file with this owner's tables.
    """
    fresh = _fresh(path)
    rows, broken = copy_readable(path, fresh)
    beginning_lost = not rows or not _knows(fresh, owner, steps)
    if beginning_lost and path.stat().st_size:
        with with_first_page(path, owner, steps) as patched:
            rows, broken = copy_readable(patched, fresh)
    backup = _free_name(path)
    path.replace(backup)
    _finish(path, backup)
    return Salvage(reason, backup, rows, broken, beginning_lost)


def _knows(fresh: Path, owner: str, steps: Migrations) -> bool:
    """Whether the list of an owner's tables could be read to the new file."""
    with contextlib.closing(sqlite3.connect(fresh)) as connection:
        return is_whole(connection, owner, steps)


def finish_salvage(path: Path) -> None:
    """Put the finished new file in its place, unless that is done; for a start after one that died right there."""
    if not path.exists() and _fresh(path).exists():
        _finish(path, _free_name(path))


def _finish(path: Path, backup: Path) -> None:
    """The log goes where the damaged file is: beside the new one, SQLite would take it for that one's."""
    path.with_name(path.name + INDEX).unlink(missing_ok=True)
    log = path.with_name(path.name + LOG)
    if log.exists():
        log.replace(backup.with_name(backup.name + LOG))
    if _fresh(path).exists():
        _fresh(path).replace(path)


def _fresh(path: Path) -> Path:
    return path.with_name(path.name + ".salvaged")


def _free_name(path: Path) -> Path:
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    name = path.with_name(f"{path.name}.damaged-{stamp}")
    count = 1
    while name.exists() or name.with_name(name.name + LOG).exists():
        count += 1
        name = path.with_name(f"{path.name}.damaged-{stamp}-{count}")
    return name
