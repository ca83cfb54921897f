"""The files of a folder that grows for years, listed without reading it anew each time.

A folder's time of change tells whether names came or went. Only folders that changed are read, and of those only files
that are new are asked for their size and time.
"""

from __future__ import annotations

import base64
import json
import os
import re
import threading
import time
from bisect import bisect_left, bisect_right, insort_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

Order = Literal["newest", "oldest", "name", "largest"]

FINE_WINDOW = 50_000_000  # ns: a folder that changed so recently may change again without a new time
COARSE_WINDOW = 2_500_000_000  # where times are whole (even) seconds
FEW = 200  # changes that are put into a sorted list one by one
HALF_CHARACTER = re.compile("[\ud800-\udfff]")  # what a name that is no UTF-8 is read as


@dataclass(frozen=True, slots=True)
class Entry:
    """A file."""

    path: str  # below the folder, with forward slashes
    size: int  # bytes
    modified: int  # Unix nanoseconds
    number: int = 0  # of the file on its disk: another file under the same name has another one


@dataclass(slots=True)
class _Folder:
    changed: int  # ns, as it was when it was read
    settled: bool
    files: dict[str, Entry]
    folders: list[str]


@dataclass(slots=True)
class _Root:
    folders: dict[str, _Folder] = field(default_factory=dict[str, _Folder])
    sorted: dict[Order, list[Entry]] = field(default_factory=dict[Order, list[Entry]])


@dataclass(slots=True)
class _Changes:
    """Files that came and went since the last look; one that was replaced is in both."""

    came: list[Entry] = field(default_factory=list[Entry])
    went: list[Entry] = field(default_factory=list[Entry])

    def note(self, former: Mapping[str, Entry], now: Mapping[str, Entry]) -> None:
        self.came += [entry for name, entry in now.items() if former.get(name) is not entry]
        self.went += [entry for name, entry in former.items() if now.get(name) is not entry]


class Listing:
    """Lists of files below some folders, kept up to date when they are asked for. Methods may be called in threads."""

    def __init__(self) -> None:
        self.read = 0  # folders that were read, all told
        self._roots: dict[Path, _Root] = {}
        self._lock = threading.Lock()

    def files(self, root: Path, order: Order = "newest") -> Sequence[Entry]:
        """Every file below a folder but hidden ones and those that links lead out to. Do not change the list."""
        with self._lock:
            known = self._roots.setdefault(root, _Root())
            changes = self._update(root, known)
            for kept in list(known.sorted):
                known.sorted[kept] = _changed(known.sorted[kept], changes, kept)
            if order not in known.sorted:
                entries = [entry for folder in known.folders.values() for entry in folder.files.values()]
                known.sorted[order] = sorted(entries, key=lambda entry: sort_key(entry, order))
            return known.sorted[order]

    def _update(self, root: Path, known: _Root) -> _Changes:
        """Read what changed."""
        changes = _Changes()
        waiting, seen = [""], set[str]()
        while waiting:
            name = waiting.pop()
            former = known.folders.get(name)
            try:
                time_of_change = (root / name).stat().st_mtime_ns
                if former is None or not former.settled or former.changed != time_of_change:
                    read = self._read(root, name, time_of_change, former)
                    changes.note(former.files if former else {}, read.files)
                    known.folders[name] = former = read
            except OSError:
                continue  # it has gone, or may not be read
            seen.add(name)
            waiting += former.folders
        for gone in known.folders.keys() - seen:
            changes.note(known.folders.pop(gone).files, {})
        return changes

    def _read(self, root: Path, name: str, changed: int, former: _Folder | None) -> _Folder:
        self.read += 1
        window = COARSE_WINDOW if changed % 1_000_000_000 == 0 else FINE_WINDOW
        found = _Folder(changed, abs(time.time_ns() - changed) > window, {}, [])
        known = former.files if former else {}
        with os.scandir(root / name) as entries:
            for entry in entries:
                same = known.get(entry.name)
                if same is not None and same.number == entry.inode():
                    found.files[entry.name] = same
                elif not entry.name.startswith(".") and _is_text(entry.name):
                    below = f"{name}/{entry.name}" if name else entry.name
                    self._take(root, below, entry, found)
        return found

    def _take(self, root: Path, below: str, entry: os.DirEntry[str], found: _Folder) -> None:
        """Look at what is new in a folder."""
        try:
            if entry.is_dir(follow_symlinks=False):
                found.folders.append(below)
            elif entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(root.resolve()):
                return
            elif entry.is_file():
                found.files[entry.name] = _entry(below, entry)
        except (OSError, RuntimeError):
            return  # it went just now, or is a link to itself


def _changed(entries: list[Entry], changes: _Changes, order: Order) -> list[Entry]:
    """A sorted list brought up to date; the former one may still be read in another thread."""

    def key(entry: Entry) -> tuple[int, str]:
        return sort_key(entry, order)

    if not changes.came and not changes.went:
        return entries
    if len(changes.came) + len(changes.went) > FEW:
        gone = {id(entry) for entry in changes.went}
        return sorted([*(entry for entry in entries if id(entry) not in gone), *changes.came], key=key)
    result = list(entries)
    for entry in changes.went:
        del result[bisect_left(result, key(entry), key=key)]
    for entry in changes.came:
        insort_right(result, entry, key=key)
    return result


def _entry(path: str, found: os.DirEntry[str]) -> Entry:
    state = found.stat()
    return Entry(path, state.st_size, state.st_mtime_ns, found.inode())


def _is_text(name: str) -> bool:
    """Whether a name is Unicode, so that it can be said in JSON and asked for in a URL."""
    return HALF_CHARACTER.search(name) is None


def sort_key(entry: Entry, order: Order) -> tuple[int, str]:
    """What the files of an order are sorted by; unlike for any two."""
    match order:
        case "newest":
            return (-entry.modified, entry.path)
        case "oldest":
            return (entry.modified, entry.path)
        case "largest":
            return (-entry.size, entry.path)
        case "name":
            return (0, entry.path)


def cursor_of(entry: Entry, order: Order) -> str:
    """A text that says where a page ended, whatever comes or goes before it."""
    return base64.urlsafe_b64encode(json.dumps(sort_key(entry, order)).encode()).decode().rstrip("=")


def after(entries: Sequence[Entry], cursor: str, order: Order) -> int:
    """The index of the first file after a cursor.

    Raises:
        ValueError: it is no cursor.
    """
    padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
    key: Any = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    if not (isinstance(key, list) and len(cast("list[Any]", key)) == 2):
        raise ValueError("not a cursor")
    number, path = cast("list[Any]", key)
    if type(number) is not int or not isinstance(path, str):
        raise ValueError("not a cursor")
    return bisect_right(entries, (number, path), key=lambda entry: sort_key(entry, order))
