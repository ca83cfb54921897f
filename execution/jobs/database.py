"""A SQLite file that is written by one thread with group commit and queried by another.

The tables belong to owners, each with numbered migrations: the job store is one, others may join it in the same file.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from execution.jobs.connection import APPLICATION, NEEDED, reading, untouching, writing
from execution.jobs.errors import StoreClosed, StoreError, StoreForeign, explained
from execution.jobs.migrations import Migrations, check_version, is_whole, migrate, version_of
from execution.jobs.salvage import Salvage, damage, finish_salvage, salvage
from execution.jobs.writer import Work, Writer

T = TypeVar("T")


class Database:
    """Open until `close`. `salvaged` says what was done about a damaged file, if it was one."""

    def __init__(
        self, path: Path, writer: sqlite3.Connection, reader: sqlite3.Connection, saved: Salvage | None
    ) -> None:
        """Use `Database.open`."""
        self.path = path
        self.salvaged = saved
        self._writer = Writer(writer, path)
        self._reader = reader
        self._queries = ThreadPoolExecutor(1, thread_name_prefix="weft-store-reader")
        self._closed = False

    @classmethod
    def open(cls, path: Path, owner: str, steps: Migrations) -> Database:
        """Open or create the file, with one owner's tables at their newest version. Blocks.

        A damaged file is moved aside and replaced by what can be read of it (`salvaged`). Raises StoreTooNew or
        StoreForeign, having changed nothing, and StoreFull where the file cannot be opened or written.
        """
        if sqlite3.sqlite_version_info < NEEDED:
            needed = ".".join(map(str, NEEDED))
            raise StoreError(f"Weft needs SQLite {needed} or newer; this Python has {sqlite3.sqlite_version}.")
        saved = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            finish_salvage(path)
            if path.exists():
                saved = _examine(path, owner, steps)
            return _opened(path, owner, steps, saved)
        except sqlite3.Error as error:
            raise explained(error, path) or error from error
        except OSError as error:
            reason = error.strerror or str(error)
            raise StoreError(f"The job database {path} cannot be opened: {reason}. See to its folder.") from error

    async def migrate(self, owner: str, steps: Migrations) -> None:
        """Bring another owner's tables in the same file to their newest version. Raises StoreTooNew."""
        await self.write(lambda connection: migrate(connection, self.path, owner, steps))

    async def write(self, work: Work[T], then: Callable[[T], None] | None = None) -> T:
        """Do something in a transaction; it is on the disk when this returns. See `Writer.write`."""
        return await self._writer.write(work, then)

    async def read(self, work: Work[T]) -> T:
        """Query what is committed, as it is at one moment. Raises StoreDamaged where a page cannot be read."""
        if self._closed:
            raise StoreClosed("The job store is closed. Start the server again.")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._queries, _at_one_moment, work, self._reader)
        except sqlite3.Error as error:
            raise explained(error, self.path) or error from error

    def close(self) -> None:
        """Finish what waits and close the file, then complete without side files. Blocks; any number of times."""
        self._closed = True
        self._queries.shutdown()
        self._reader.close()
        self._writer.close()


def _at_one_moment(work: Work[T], connection: sqlite3.Connection) -> T:
    """All statements of a query see the same state of the tables."""
    connection.execute("BEGIN")
    try:
        return work(connection)
    finally:
        connection.execute("ROLLBACK")


def _opened(path: Path, owner: str, steps: Migrations, saved: Salvage | None) -> Database:
    connection = writing(path)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        migrate(connection, path, owner, steps)
        connection.execute("COMMIT")
        return Database(path, connection, reading(path), saved)
    except BaseException:
        connection.close()
        raise


def _examine(path: Path, owner: str, steps: Migrations) -> Salvage | None:
    """Refuse what is not ours to touch; replace a damaged file by what can be read of it."""
    found = damage(path) or _refused(path, owner, steps)
    return None if found is None else salvage(path, found, owner, steps)


def _refused(path: Path, owner: str, steps: Migrations) -> str | None:
    """Raises StoreForeign, StoreTooNew; tells where the list of tables itself is wrong."""
    with contextlib.closing(untouching(path)) as connection:
        application = connection.execute("PRAGMA application_id").fetchall()[0][0]
        tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()[0][0]
        if tables and application != APPLICATION:
            raise StoreForeign(
                f"{path} is the database of another program. Move it elsewhere, or choose another folder."
            )
        check_version(path, owner, version_of(connection, owner), steps)
        return None if not tables or is_whole(connection, owner, steps) else "the list of its tables is spoilt"
