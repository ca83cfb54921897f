"""Which files a job has published, so that a job that is run again after a crash publishes none of them twice.

A file is published in three strides: it is whole under a name of its own, the job's journal says which name it is
about to get, it gets that name. Whatever moment the process dies at, the next attempt can tell what became of it: the
journal's name leads to that very file, or the file was never published.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from collections.abc import Collection
from dataclasses import asdict, dataclass
from io import RawIOBase
from pathlib import Path
from typing import Any, cast

PLAIN_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")  # such as a UUID: safe as a file's name on every disk
SUFFIX = ".jsonl"


@dataclass(frozen=True, slots=True)
class Published:
    """A file that a job published or was about to: which of a node's files, its name, and what it is known by."""

    node: str
    index: int  # among the files of all calls of the node
    kind: str  # the own folder: output or temp
    subfolder: str
    filename: str
    digest: str  # of the content
    modified: int  # nanoseconds; a name keeps the time of its content, so equal content of another job differs


class JobFiles:
    """The journals of all jobs, in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self, job_id: str) -> JobJournal:
        """The journal of a job, with what its earlier attempts wrote. Give it to the engine as a service of the run.

        Raises:
            OSError: it is there and cannot be read.
        """
        return JobJournal(self._path(job_id))

    def forget(self, job_id: str) -> None:
        """Remove a job's journal. To be called once the job's end is recorded for good, and not before."""
        self._path(job_id).unlink(missing_ok=True)

    def forget_all_but(self, job_ids: Collection[str]) -> None:
        """Remove the journals of jobs that are neither queued nor running, left where a process died."""
        if not self._folder.is_dir():
            return
        kept = {self._path(job_id).name for job_id in job_ids}
        for path in self._folder.glob(f"*{SUFFIX}"):
            if path.name not in kept:
                path.unlink(missing_ok=True)

    def _path(self, job_id: str) -> Path:
        plain = PLAIN_ID.fullmatch(job_id)
        name = job_id if plain else f"_{hashlib.sha256(job_id.encode()).hexdigest()}"
        return self._folder / f"{name}{SUFFIX}"


class JobJournal:
    """What one job has published. May be used from several threads; to be closed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._reserved: dict[str, int] = {}  # node -> how many files its calls of this attempt have asked for
        self._file: RawIOBase | None = None
        self._earlier = {(one.node, one.index): one for one in _read(path)}

    def reserve(self, node_id: str, count: int) -> int:
        """The index of the first of `count` files that a call of a node is about to publish.

        Calls must ask in the order of their items, so that every attempt gives the same file the same index.
        """
        with self._lock:
            first = self._reserved.get(node_id, 0)
            self._reserved[node_id] = first + count
            return first

    def earlier(self, node_id: str, index: int) -> Published | None:
        """What an earlier attempt wrote last about a file; whether it is there is for the caller to see."""
        return self._earlier.get((node_id, index))

    def intend(self, entry: Published) -> None:
        """Write down the name that a file is about to get, and have that on the disk.

        Raises:
            OSError: the disk refuses it; the file must not be published then.
        """
        line = json.dumps(asdict(entry)).encode() + b"\n"
        with self._lock:
            try:
                file = self._file or self._begin()
                _write_all(file, line)
                os.fsync(file.fileno())
            except OSError:
                self._end()
                raise

    def close(self) -> None:
        """Close the file, not forget it."""
        with self._lock:
            self._end()

    def _begin(self) -> RawIOBase:
        new = not self._path.exists()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._file = _appending(self._path)
        if new:
            sync_folder(self._path.parent)
        else:
            _write_all(file, b"\n")  # ends a line that could not be finished
        return file

    def _end(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _appending(path: Path) -> RawIOBase:
    """Without a buffer, which would try again, when it is closed, to write what the disk has refused."""
    return path.open("ab", buffering=0)


def _write_all(file: RawIOBase, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) or 0 :]


def content_digest(content: bytes) -> str:
    """What a file's content is known by in journals."""
    return hashlib.sha256(content).hexdigest()


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk, not only on their way there."""
    if os.name == "posix":  # elsewhere a folder cannot be opened, and need not be
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _read(path: Path) -> list[Published]:
    """The entries of a journal; lines that a dying process left unfinished are passed over."""
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    return [entry for line in lines if (entry := _entry(line)) is not None]


def _entry(line: bytes) -> Published | None:
    try:
        found: Any = json.loads(line)
        fields = cast("dict[str, Any]", found)
        return Published(**fields)
    except (ValueError, TypeError):
        return None
