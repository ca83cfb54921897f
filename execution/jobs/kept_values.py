"""Small values that outlast the server."""

from __future__ import annotations

import sqlite3
import zlib
from typing import Any

from execution.jobs.packing import Packed, unpack
from execution.jobs.texts import sought


def set_value(connection: sqlite3.Connection, key: str, value: Packed | None) -> None:
    """Keep a packed value; None: forget it."""
    if value is None:
        connection.execute("DELETE FROM kept_values WHERE key = ?", (key,))
    else:
        statement = "INSERT INTO kept_values VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
        connection.execute(statement, (key, value))


def get_value(connection: sqlite3.Connection, key: str) -> Any:
    """The value; None: there is none, or a damaged page has spoilt it."""
    found = connection.execute("SELECT value FROM kept_values WHERE key = ?", (sought(key),)).fetchall()
    try:
        return unpack(found[0][0]) if found else None
    except (ValueError, zlib.error):
        return None
