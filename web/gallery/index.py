"""The index of what pictures were made with: a SQLite file that may be deleted at any time, for it is made again.

It is no truth but a memory: a file that is new or has changed is read once, one that has gone is forgotten. Searching
asks for parts of words, as people type them.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
import time
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from web.files.listing import Entry
from web.gallery.reading import CARRIERS, Found, find

VERSION = 2  # of the tables and of what is found; another one's file is made anew
MOST_PICTURES = 200_000  # of one folder; older ones are not looked at
SETTLED = 3_000_000_000  # ns after which a file counts as whole
MOST_WORDS = 20  # of a search
LARGEST = 2**63 - 1  # that SQLite holds; disks count further

TABLE = """
CREATE TABLE pictures (
    folder TEXT NOT NULL, path TEXT NOT NULL, modified INTEGER NOT NULL, size INTEGER NOT NULL, number INTEGER NOT NULL,
    words TEXT NOT NULL, prompts TEXT NOT NULL, models TEXT NOT NULL, samplers TEXT NOT NULL, about TEXT,
    PRIMARY KEY (folder, path)
) WITHOUT ROWID
"""
FORGET = "DELETE FROM pictures WHERE folder = ? AND path = ?"
PUT = "INSERT OR REPLACE INTO pictures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

Stamp = tuple[int, int, int]
"""Modified, size and number of a file: the same ones mean the same content."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a search asks for: every word of each, in any case; `search` also in the path, seeds and schedulers."""

    search: str = ""
    prompt: str = ""
    model: str = ""
    sampler: str = ""

    @property
    def empty(self) -> bool:
        return not (self.search.strip() or self.prompt.strip() or self.model.strip() or self.sampler.strip())


@dataclass(slots=True)
class _Plan:
    """What is still to be read of a folder, as long as its list of files is the same one."""

    entries: Sequence[Entry]
    new: list[Entry]


class GalleryIndex:
    """Methods may be called in threads; each takes the time of one query, `update` that of the files it reads."""

    def __init__(self, path: Path) -> None:
        """`path`: of the index's file. Where none can be written there, the index lives in memory."""
        self.read = 0  # files that were read, all told
        self._lock = threading.Lock()
        self._known: dict[str, dict[str, Stamp]] = {}
        self._plans: dict[str, _Plan] = {}  # by folder
        self._path = path
        self._connection = _opened(path)

    def close(self) -> None:
        """Close the file; any number of times."""
        with self._lock:
            self._connection.close()

    def update(self, folder: str, root: Path, entries: Sequence[Entry], most: int) -> int:
        """Read at most so many files that are new or have changed; returns how many are left to read.

        Args:
            folder: the name under which they are kept.
            root: where the entries lie.
            entries: all files there are, those that matter most first.
            most: files to read before returning.
        """
        with self._lock:
            with self._mending():
                return self._update(folder, root, entries, most)
            return len(entries)  # the index is made anew

    def matching(self, folder: str, wanted: Wanted) -> set[str]:
        """The paths that a search finds."""
        conditions, values = ["folder = ?"], [folder]
        asked = {"words": wanted.search, "prompts": wanted.prompt, "models": wanted.model, "samplers": wanted.sampler}
        for column, text in asked.items():
            for word in text.casefold().split()[:MOST_WORDS]:
                conditions.append(f"instr({column}, ?) > 0")
                values.append(word)
        query = f"SELECT path FROM pictures WHERE {' AND '.join(conditions)}"
        with self._lock, self._mending():
            return {path for (path,) in self._connection.execute(query, [_storable(value) for value in values])}
        return set()

    def about(self, folder: str, paths: Iterable[str]) -> dict[str, dict[str, Any]]:
        """What is known of some files; nothing of those that carry nothing."""
        found: dict[str, dict[str, Any]] = {}
        query = "SELECT about FROM pictures WHERE folder = ? AND path = ?"
        with self._lock, self._mending():
            for path in paths:
                row = self._connection.execute(query, (folder, path)).fetchone()
                if row is not None and row[0] is not None:
                    found[path] = json.loads(row[0])
        return found

    def _update(self, folder: str, root: Path, entries: Sequence[Entry], most: int) -> int:
        plan = self._plans.get(folder)
        if plan is None or plan.entries is not entries:
            plan = self._plans[folder] = self._planned(folder, entries)
        now, plan.new = plan.new[:most], plan.new[most:]
        looked_at = [(entry, _found(root, entry)) for entry in now]
        self.read += len(looked_at)
        whole = [(entry, found) for entry, found in looked_at if found is not None or not _young(root, entry)]
        if whole:
            with self._connection:
                self._connection.executemany(PUT, [_row(folder, entry, found) for entry, found in whole])
            self._stamps(folder).update((entry.path, _stamp(entry)) for entry, _ in whole)
        if len(whole) < len(now):
            plan.entries = ()  # to be planned anew: those that may be being written are looked at again
        return len(plan.new)

    def _planned(self, folder: str, entries: Sequence[Entry]) -> _Plan:
        """What is to be read; what has gone is forgotten."""
        known = self._stamps(folder)
        there = {entry.path: entry for entry in islice(filter(_may_carry, entries), MOST_PICTURES)}
        gone = [path for path in known if path not in there]
        if gone:
            with self._connection:
                self._connection.executemany(FORGET, ((folder, path) for path in gone))
            for path in gone:
                del known[path]
        return _Plan(entries, [entry for path, entry in there.items() if known.get(path) != _stamp(entry)])

    def _stamps(self, folder: str) -> dict[str, Stamp]:
        if folder not in self._known:
            rows = self._connection.execute(
                "SELECT path, modified, size, number FROM pictures WHERE folder = ?", (folder,)
            )
            self._known[folder] = {path: (modified, size, number) for path, modified, size, number in rows}
        return self._known[folder]

    @contextlib.contextmanager
    def _mending(self) -> Generator[None]:
        """Begin anew when the file fails, because it is damaged or the disk is full."""
        try:
            yield
        except sqlite3.ProgrammingError:
            return  # it was closed: the server ends
        except sqlite3.Error:
            self._connection.close()
            with contextlib.suppress(OSError):
                _remove(self._path)
            self._connection = _opened(self._path)
            self._known.clear()
            self._plans.clear()


def _opened(path: Path) -> sqlite3.Connection:
    """The file's connection; a file that is damaged or of another version is made anew."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file() and (connection := _as_it_is(path)) is not None:
            return connection
        _remove(path)
        return _fresh(str(path))
    except (OSError, sqlite3.Error):
        return _fresh(":memory:")


def _remove(path: Path) -> None:
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)


def _as_it_is(path: Path) -> sqlite3.Connection | None:
    connection = sqlite3.connect(path, check_same_thread=False)
    try:
        if connection.execute("PRAGMA user_version").fetchone()[0] == VERSION:
            connection.execute("PRAGMA synchronous = OFF")  # what a loss of power spoils is made again
            connection.execute("SELECT about FROM pictures LIMIT 1").fetchone()
            return connection
    except sqlite3.Error:
        pass
    connection.close()
    return None


def _fresh(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")  # kept in the file
    connection.execute("PRAGMA synchronous = OFF")
    with connection:
        connection.execute(TABLE)
        connection.execute(f"PRAGMA user_version = {VERSION}")
    return connection


def _may_carry(entry: Entry) -> bool:
    return entry.path.lower().endswith(CARRIERS)


def _stamp(entry: Entry) -> Stamp:
    return entry.modified & LARGEST, entry.size & LARGEST, entry.number & LARGEST


def _found(root: Path, entry: Entry) -> Found | None:
    try:
        return find(root / entry.path)
    except OSError:
        return None  # it has gone, or may not be read


def _young(root: Path, entry: Entry) -> bool:
    """Whether a file may still be being written: what carries nothing now may carry something in a moment."""
    try:
        return abs(time.time_ns() - (root / entry.path).stat().st_mtime_ns) < SETTLED
    except OSError:
        return False


def _row(folder: str, entry: Entry, found: Found | None) -> tuple[Any, ...]:
    stamp = (folder, entry.path, *_stamp(entry))
    path = entry.path.casefold()
    if found is None:
        return (*stamp, path, "", "", "", None)
    made = found.made
    columns = ["\n".join(texts).casefold() for texts in (made.prompts, made.models, made.samplers)]
    seeds = "\n".join(map(str, made.seeds))
    words = "\n".join((path, *columns, "\n".join(made.schedulers).casefold(), seeds))
    about = {
        "prompts": made.prompts,
        "models": made.models,
        "samplers": made.samplers,
        "schedulers": made.schedulers,
        "seed": str(made.seeds[0]) if made.seeds else None,
        "size": [found.width, found.height] if found.width else None,
    }
    return (*stamp, *map(_storable, (words, *columns)), json.dumps(about))


def _storable(text: str) -> str:
    """Text that SQLite takes: halves of characters, which are no UTF-8, become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
