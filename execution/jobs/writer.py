"""The one thread that writes, with group commit.

A commit waits for the disk, which takes far longer than the statements before it. So all writes that wait are applied
in one transaction, each within a savepoint of its own, and are told of their success together once it is committed.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from execution.jobs.errors import StoreClosed, explained

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
"""What to do in a transaction. It may be undone and done anew, so it changes nothing but the database."""

LARGEST_GROUP = 256  # writes in one transaction: nobody waits for thousands of others


class _Write:
    """One write that somebody awaits."""

    __slots__ = ("error", "future", "loop", "result", "then", "work")

    def __init__(self, work: Work[Any], then: Callable[[Any], None] | None) -> None:
        self.work = work
        self.then = then
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None

    def tell(self) -> None:
        """On the event loop's thread."""
        if self.future.done():  # whoever waited was cancelled; the write stands all the same
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Writer:
    """Owns the writing connection until it is closed."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._waiting: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        self._closed = False
        self._closing = threading.Lock()
        self._thread = threading.Thread(target=self._serve, name="weft-store-writer", daemon=True)
        self._thread.start()

    async def write(self, work: Work[T], then: Callable[[T], None] | None = None) -> T:
        """Have `work` committed; returns what it returned once that is on the disk.

        `then` is called with the same on the writer's thread, in the order of the commits, before anybody is told: for
        what is remembered outside the database. Raises StoreFull where the disk has no room, StoreClosed after
        `close`, and whatever `work` raises, of which then nothing is kept.
        """
        write = _Write(work, then)
        with self._closing:
            if self._closed:
                raise StoreClosed("The job store is closed. Start the server again.")
            self._waiting.put(write)
        return await write.future

    def close(self) -> None:
        """Finish what waits, then close the connection. Blocks; any number of times."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._waiting.put(None)
        self._thread.join()

    def _serve(self) -> None:
        going = True
        while going:
            group, going = self._next_group()
            if group and not self._commit(group):
                for write in group:  # one alone may fit where all together did not
                    self._commit([write])
            _tell(group)
        self._connection.close()

    def _next_group(self) -> tuple[list[_Write], bool]:
        group: list[_Write] = []
        write = self._waiting.get()
        while write is not None:
            group.append(write)
            if len(group) == LARGEST_GROUP:
                return group, True
            try:
                write = self._waiting.get_nowait()
            except queue.Empty:
                return group, True
        return group, False

    def _commit(self, group: Sequence[_Write]) -> bool:
        """Apply a group. False: nothing of it was kept, but parts of it may be possible."""
        try:
            self._roll_back()  # what could not be undone when it failed
            self._connection.execute("BEGIN IMMEDIATE")
            for write in group:
                self._apply(write)
            self._connection.execute("COMMIT")
        except (sqlite3.Error, MemoryError) as error:  # SQLite's "no memory" comes as MemoryError
            with contextlib.suppress(sqlite3.Error, MemoryError):
                self._roll_back()
            if len(group) > 1 and _is_shortage(error):
                return False
            for write in group:
                write.error = write.error or self._explained(error)
            return True
        for write in group:
            if write.error is None and write.then is not None:
                write.then(write.result)
        return True

    def _apply(self, write: _Write) -> None:
        write.result, write.error = None, None
        execute = self._connection.execute
        execute("SAVEPOINT a_write")
        try:
            write.result = write.work(self._connection)
        except BaseException as error:
            if not self._connection.in_transaction:  # SQLite itself undid everything (a full disk, say)
                if isinstance(error, (sqlite3.Error, MemoryError)):
                    raise
                raise sqlite3.OperationalError("the transaction was undone") from error
            write.error = self._explained(error)
            execute("ROLLBACK TO a_write")
        execute("RELEASE a_write")

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _explained(self, error: BaseException) -> BaseException:
        found = explained(error, self._path) if isinstance(error, sqlite3.Error) else None
        if found is None:
            return error
        found.__cause__ = error
        return found


def _is_shortage(error: sqlite3.Error | MemoryError) -> bool:
    """Whether less may succeed where this failed."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is None or code & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM)


def _tell(group: Sequence[_Write]) -> None:
    """Wake each event loop once, for all of its writes."""
    loops: dict[asyncio.AbstractEventLoop, list[_Write]] = {}
    for write in group:
        loops.setdefault(write.loop, []).append(write)
    for loop, writes in loops.items():
        try:
            loop.call_soon_threadsafe(_tell_each, writes)
        except RuntimeError:  # the loop is closed: nobody waits any more
            continue


def _tell_each(writes: Sequence[_Write]) -> None:
    for write in writes:
        write.tell()
