"""Numbered changes to the tables, each owner's counted on its own.

An owner's version is kept as a view that selects it, thus in the schema itself: it is changed by the transaction that
changes the tables, and can be read whenever the tables can.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from execution.jobs.errors import StoreTooNew

Migrations = Sequence[Sequence[str]]
"""Step n (SQL statements) brings the tables from version n to n + 1. Steps are only ever added, never changed."""


_LISTED = "SELECT type, name, tbl_name, sql FROM sqlite_schema"


def migrate(connection: sqlite3.Connection, path: Path, owner: str, steps: Migrations) -> None:
    """Bring an owner's tables to the newest version, inside the transaction that is open.

    Raises StoreTooNew, having changed nothing, where the file knows more steps than this program.
    """
    version = version_of(connection, owner)
    check_version(path, owner, version, steps)
    for step in steps[version:]:
        for statement in step:
            connection.execute(statement)
    if version < len(steps):
        connection.execute(f"DROP VIEW IF EXISTS {_view(owner)}")
        connection.execute(f"CREATE VIEW {_view(owner)} AS SELECT {len(steps)} AS version")


def version_of(connection: sqlite3.Connection, owner: str) -> int:
    """How many steps an owner's tables have taken; 0: there are none yet."""
    known = connection.execute("SELECT 1 FROM sqlite_schema WHERE type = 'view' AND name = ?", (_view(owner),))
    if not known.fetchall():
        return 0
    return int(connection.execute(f"SELECT version FROM {_view(owner)}").fetchall()[0][0])


def is_whole(connection: sqlite3.Connection, owner: str, steps: Migrations) -> bool:
    """Whether an owner's tables and indexes are all listed, just as the steps to their version make them."""
    version = version_of(connection, owner)
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as model:
        migrate(model, Path(), owner, steps[:version])
        expected = set(model.execute(_LISTED))
    return version > 0 and expected <= set(connection.execute(_LISTED))


def check_version(path: Path, owner: str, version: int, steps: Migrations) -> None:
    if version > len(steps):
        raise StoreTooNew(
            f"The job database {path} was made by a newer Weft (its {owner} are at version {version}, this Weft knows "
            f"{len(steps)}). Start that Weft again, or choose another folder with --workspace."
        )


def _view(owner: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", owner):
        raise ValueError(f"An owner of tables is named in small letters, digits and underscores, not {owner!r}.")
    return f"version_of_{owner}"
