"""What the job store refuses, and what keeps it from working. Each says so in a sentence for people."""

from __future__ import annotations

import sqlite3
from pathlib import Path

_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_REASONS = {
    sqlite3.SQLITE_FULL: "its disk is full. Free some space",
    sqlite3.SQLITE_READONLY: "its file or folder is read-only. Make both writable",
    sqlite3.SQLITE_PERM: "its file may not be accessed. Make it readable and writable",
    sqlite3.SQLITE_AUTH: "its file may not be accessed. Make it readable and writable",
    sqlite3.SQLITE_CANTOPEN: "its file cannot be opened. Make its folder readable and writable, on a disk with space",
    sqlite3.SQLITE_BUSY: "another program keeps it locked. Close that program",
    sqlite3.SQLITE_LOCKED: "another program keeps it locked. Close that program",
    sqlite3.SQLITE_IOERR: "its disk reports an error. See that the disk is there, sound and not full",
    sqlite3.SQLITE_NOMEM: "the memory is used up. Close other programs",
}
"""Why nothing can be written at the moment: SQLite's primary code -> the end of a sentence, and what to do."""


class StoreError(Exception):
    """The job store cannot do what it was asked."""


class StoreFull(StoreError):
    """Nothing can be written just now: the disk is full, read-only, gone or locked.

    What was accepted before is safe; the same call works again once there is room.
    """


class StoreDamaged(StoreError):
    """A part of the database file cannot be read. The next start repairs what can be repaired."""


class StoreTooNew(StoreError):
    """The file was written by a later version of Weft; it was left as it is."""


class StoreForeign(StoreError):
    """The file is another program's database; it was left as it is."""


class StoreClosed(StoreError):
    """The store has been closed."""


class InvalidJob(StoreError):
    """A job that cannot be stored: its number is not finite, or its id or key is not proper text."""


class UnknownJob(StoreError):
    """There is no job of that id."""


class JobExists(StoreError):
    """A job of this id is waiting, running or in the history."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"There is already a job with the id {job_id!r}. Give each job an id of its own, or none.")
        self.job_id = job_id


class KeyReused(StoreError):
    """An idempotency key came again within a day, with another request."""

    def __init__(self, key: str, job_id: str) -> None:
        super().__init__(
            f"The idempotency key {key!r} belongs to the job {job_id!r}, which came with another request. "
            "Use a new key for a new request."
        )
        self.key = key
        self.job_id = job_id


def explained(error: sqlite3.Error, path: Path) -> StoreError | None:
    """What an error of SQLite means for whoever uses the store; None: it is a mistake in a statement."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return None
    primary = code & 0xFF  # extended codes keep the reason in the higher bits
    if primary in _DAMAGED:
        return StoreDamaged(f"The job database {path} is damaged ({error}). Start Weft anew: it repairs what it can.")
    if primary in _REASONS:
        return StoreFull(f"The job database {path} cannot be written: {_REASONS[primary]}; then go on ({error}).")
    return None
