"""Looking for damage in a database file, and saving what can be read of it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from execution.jobs.connection import untouching

SIDE_FILES = ("-wal", "-shm")  # what SQLite keeps beside a database in use
FURTHEST = 2**40  # no row of ours has a higher number
FAILURES = 5_000  # reads that may fail in one table before the rest of it is given up


@dataclass(frozen=True, slots=True)
class Salvage:
    """What was done about a damaged file."""

    reason: str
    backup: Path  # the damaged file, as it was found
    rows: dict[str, int]  # table -> rows that could be read
    complete: bool  # every row of every table could be read

    @property
    def sentence(self) -> str:
        """For the user; whoever knows the tables may say it better."""
        return f"was damaged ({self.reason}); the damaged file is kept as {self.backup}."


def damage(path: Path) -> str | None:
    """What is wrong with the file; None: nothing. Looks at every page."""
    if path.stat().st_size == 0:
        return "the file is empty"
    try:
        with contextlib.closing(untouching(path)) as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise
        return str(error)
    return None if found == ["ok"] else "; ".join(line.replace("\n", " ") for line in found)


def salvage(path: Path, reason: str) -> Salvage:
    """Move the damaged file aside, and put one in its place with all that can be read of it.

    At any moment either the damaged file or the finished new one is there (see `finish_salvage`).
    """
    fresh = _fresh(path)
    fresh.unlink(missing_ok=True)
    rows: dict[str, int] = {}
    complete = False
    if path.stat().st_size:
        complete = _copy(path, fresh, rows)
    backup = _free_name(path)
    for side in SIDE_FILES:
        beside = path.with_name(path.name + side)
        if beside.exists():
            beside.replace(backup.with_name(backup.name + side))
    path.replace(backup)
    finish_salvage(path)
    return Salvage(reason, backup, rows, complete)


def finish_salvage(path: Path) -> None:
    """Put the finished new file in its place, unless that is done; for a start after one that died right there."""
    if not path.exists() and _fresh(path).exists():
        _fresh(path).replace(path)


def _fresh(path: Path) -> Path:
    return path.with_name(path.name + ".salvaged")


def _free_name(path: Path) -> Path:
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    name = path.with_name(f"{path.name}.damaged-{stamp}")
    count = 1
    while name.exists():
        count += 1
        name = path.with_name(f"{path.name}.damaged-{stamp}-{count}")
    return name


def _copy(damaged: Path, fresh: Path, rows: dict[str, int]) -> bool:
    """Copy tables and rows; False: something could not be read."""
    with contextlib.closing(sqlite3.connect(fresh, isolation_level=None)) as target:
        try:
            with contextlib.closing(untouching(damaged)) as source:
                return _copy_all(source, target, rows)
        except sqlite3.DatabaseError:
            return False


def _copy_all(source: sqlite3.Connection, target: sqlite3.Connection, rows: dict[str, int]) -> bool:
    kept = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
    schema = [(str(kind), str(name), str(sql)) for kind, name, sql in source.execute(kept)]
    complete = True
    target.execute(f"PRAGMA application_id = {source.execute('PRAGMA application_id').fetchall()[0][0]}")
    target.execute("BEGIN")
    for _, _, sql in sorted(schema, key=lambda entry: entry[0] != "table"):  # rows need tables
        target.execute(sql)
    for _, name, _ in (entry for entry in schema if entry[0] == "table"):
        rows[name] = 0
        reader = _Reader(source, name)
        for row in reader.rows(0, FURTHEST):
            marks = ", ".join("?" * len(row))
            columns = ", ".join(f'"{column}"' for column in reader.columns)
            added = target.execute(f'INSERT OR IGNORE INTO "{name}" ({columns}) VALUES ({marks})', row)
            rows[name] += added.rowcount
        complete = complete and not reader.failures
    _copy_sequences(source, target)
    target.execute("COMMIT")
    return complete


def _copy_sequences(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """The last numbers given to rows, so that none is given again; the highest row's is there already."""
    with contextlib.suppress(sqlite3.DatabaseError):  # a table of its own, which may be the damaged one
        for name, last in source.execute("SELECT name, seq FROM sqlite_sequence").fetchall():
            target.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", (last, name))


class _Reader:
    """Reads the rows of a table around the pages that cannot be read, by halving the range that fails."""

    def __init__(self, source: sqlite3.Connection, table: str) -> None:
        self._source = source
        found = source.execute(f'PRAGMA table_info("{table}")').fetchall()
        self.columns = [str(column[1]) for column in found]
        wanted = ", ".join(f'"{column}"' for column in self.columns)
        self._query = f'SELECT rowid, {wanted} FROM "{table}" WHERE rowid BETWEEN ? AND ? ORDER BY rowid'
        self.failures = 0

    def rows(self, low: int, high: int) -> Iterator[tuple[object, ...]]:
        """The readable rows whose numbers are in this range, in order."""
        ranges = [(low, high)]
        while ranges and self.failures < FAILURES:
            low, high = ranges.pop()
            try:
                for number, *row in self._source.execute(self._query, (low, high)):
                    low = int(number) + 1
                    yield tuple(row)
            except sqlite3.DatabaseError:
                self.failures += 1
                if low < high:  # what was read before the failure is behind us
                    middle = (low + high) // 2
                    ranges += [(middle + 1, high), (low, middle)]
