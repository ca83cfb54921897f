"""How a connection to the database file is made."""

from __future__ import annotations

import sqlite3
from pathlib import Path

NEEDED = (3, 37, 0)  # RETURNING, STRICT tables
PATIENCE = 5.0  # seconds to wait while another program holds the file
LOG = "-wal"  # the write-ahead log beside the file: changes that are not in it yet
INDEX = "-shm"  # of the log; made anew whenever it is missing
APPLICATION = 0x57656674  # "Weft" in the file's header


def writing(path: Path) -> sqlite3.Connection:
    """A connection that writes; a commit is on the disk (fsync) when it returns. Transactions are begun by hand."""
    connection = _connect(path)
    try:
        connection.execute("PRAGMA journal_mode = WAL")  # elsewhere than on a local disk it stays what it was
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_size_limit = 67108864")
    except BaseException:
        connection.close()
        raise
    return connection


def reading(path: Path) -> sqlite3.Connection:
    """A connection for queries; any attempt to write with it fails."""
    connection = _connect(path)
    connection.execute("PRAGMA query_only = ON")
    return connection


def untouching(path: Path) -> sqlite3.Connection:
    """A connection that leaves the file exactly as it is, for looking at one that may be damaged."""
    log = path.with_name(path.name + LOG)
    mode = "mode=ro" if log.exists() and log.stat().st_size else "mode=ro&immutable=1"  # which leaves no side files
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, isolation_level=None)
    connection.text_factory = _text
    return connection


def _text(stored: bytes) -> str:
    """A text of the file; where damage has left no text, something that can be handled all the same."""
    return stored.decode(errors="replace")


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    connection.text_factory = _text
    try:
        connection.execute("PRAGMA cell_size_check = ON")  # notice a damaged page before its rows are believed
        connection.execute("PRAGMA cache_size = -8000")  # KiB
    except BaseException:
        connection.close()
        raise
    return connection
