"""Copying what can be read of a damaged database file into a new one."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from execution.jobs.connection import untouching
from execution.jobs.errors import StoreFull, explained

MANY = 2**20  # rows that a table may have, where nothing tells
UNREADABLE = (sqlite3.DatabaseError, UnicodeDecodeError)  # the latter of messages that quote what was found
FAILURES = 2_000  # reads that may fail in one table before the rest of it is given up


def copy_readable(damaged: Path, fresh: Path) -> tuple[dict[str, int], frozenset[str]]:
    """Make a new file with the tables and rows that can be read; the damaged one stays exactly as it is.

    Returns how many rows each table has now, and which tables could not be read to their end. No tables: not even the
    list of them could be read. Raises sqlite3.Error where the new file cannot be written.
    """
    fresh.unlink(missing_ok=True)
    rows: dict[str, int] = {}
    with contextlib.closing(connect_new(fresh)) as target:
        try:
            with contextlib.closing(untouching(damaged)) as source:
                source.execute("PRAGMA writable_schema = ON")  # SQLite then reads a file that has been cut short, too
                return rows, _copy_all(source, target, rows)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            if isinstance(error, sqlite3.Error) and isinstance(explained(error, fresh), StoreFull):
                raise
            return {}, frozenset()  # even the tables' own descriptions may be spoilt


def connect_new(fresh: Path) -> sqlite3.Connection:
    """A connection to the file that is to take the damaged one's place."""
    return sqlite3.connect(fresh, isolation_level=None)


def _copy_all(source: sqlite3.Connection, target: sqlite3.Connection, rows: dict[str, int]) -> frozenset[str]:
    kept = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
    schema = [(str(kind), str(name), str(sql)) for kind, name, sql in source.execute(kept)]
    broken: set[str] = set()
    target.execute(f"PRAGMA application_id = {source.execute('PRAGMA application_id').fetchall()[0][0]}")
    target.execute("BEGIN")
    for _, _, sql in sorted(schema, key=lambda entry: entry[0] != "table"):  # rows need tables
        target.execute(sql)
    for _, name, _ in (entry for entry in schema if entry[0] == "table"):
        rows[name] = 0
        reader = _Reader(source, name)
        for row in reader.rows(0, _highest(source, name)):
            marks = ", ".join("?" * len(row))
            columns = ", ".join(f'"{column}"' for column in reader.columns)
            try:
                target.execute(f'INSERT INTO "{name}" ({columns}) VALUES ({marks})', row)
                rows[name] += 1
            except sqlite3.IntegrityError:  # nonsense, or a row that is there already
                broken.add(name)
        if reader.failures:
            broken.add(name)
    _copy_sequences(source, target)
    target.execute("COMMIT")
    return frozenset(broken)


def _copy_sequences(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """The last numbers given to rows, so that none is given again; the highest row's is there already."""
    with contextlib.suppress(*UNREADABLE):  # a table of its own, which may be the damaged one
        for name, last in source.execute("SELECT name, seq FROM sqlite_sequence").fetchall():
            target.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", (last, name))


def _highest(source: sqlite3.Connection, table: str) -> int:
    """A row number that none of the table's rows exceeds. Looking far beyond them would fail again and again."""
    for query in (f'SELECT max(rowid) FROM "{table}"', "SELECT max(seq) FROM sqlite_sequence"):
        with contextlib.suppress(*UNREADABLE):
            found = source.execute(query).fetchall()[0][0]
            if isinstance(found, int):
                return found
    return MANY


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
                    if low <= number <= high:  # a damaged page may give any number, and the same again and again
                        low = int(number) + 1
                        yield tuple(row)
            except UNREADABLE:
                self.failures += 1
                if low < high:  # what was read before the failure is behind us
                    middle = (low + high) // 2
                    ranges += [(middle + 1, high), (low, middle)]
