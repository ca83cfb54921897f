"""The job store: what was asked for, what runs, what came of it. The one truth, in a SQLite file."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Collection
from functools import partial
from pathlib import Path
from typing import Any

from execution.jobs import history, kept_values, queueing
from execution.jobs.database import Database
from execution.jobs.errors import StoreError, StoreFull
from execution.jobs.outcomes import outcome_to_data
from execution.jobs.packing import pack, pack_aside
from execution.jobs.records import Job, NewJob, Outcome, Status
from execution.jobs.repair import mend, notice
from execution.jobs.rows import job_by_id, jobs_by_seq
from execution.jobs.schema import MIGRATIONS, OWNER
from execution.jobs.submitting import Submitted, add, check_number, prepare
from execution.jobs.texts import check_text

AT_ONCE = 32  # jobs of the history read in one go: others have their turn in between
DELETED_AT_ONCE = 500
PRUNE_EVERY = 64  # ended jobs between two looks whether the history has grown too long


def unix_milliseconds() -> int:
    return time.time_ns() // 1_000_000


class JobStore:
    """Every method that changes something returns once the change is on the disk.

    A caller that is cancelled while it waits does not undo its change: a claim, say, is then to be given back. Raises
    StoreFull where nothing can be written for the moment (see errors.py for the rest).
    """

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        """Use `JobStore.open`."""
        self.database = database
        self.notice: str | None = None  # for the user: the database was damaged, and what was done
        self._clock = clock
        self._remaining = 0  # this and the next two change on the writer's thread, in the order of the commits
        self._paused: str | None = None
        self._ended = 0

    # ---- opening and closing

    @classmethod
    async def open(cls, path: Path, clock: Callable[[], int] = unix_milliseconds) -> JobStore:
        """Open or create the store; jobs that ran when it was last used wait again, before all others.

        A damaged file is kept under a dated name, and what can be read of it saved (`notice`). Raises StoreTooNew,
        StoreForeign, StoreFull, StoreError. `clock` tells Unix milliseconds.
        """
        database = await asyncio.to_thread(Database.open, path, OWNER, MIGRATIONS)
        store = cls(database, clock)
        try:
            await store._begin()
        except BaseException:
            await store.close()
            raise
        return store

    async def _begin(self) -> None:
        saved = self.database.salvaged
        if saved is not None:
            jobs = await self.database.write(lambda connection: mend(connection, saved))
            self.notice = notice(self.database.path, saved, jobs)
        await self.database.write(queueing.give_all_back)
        await self.database.write(history.prune)
        self._remaining = await self.database.read(queueing.count_remaining)
        self._paused = await self.value(queueing.PAUSED)
        if self._paused is None:  # a pause that a damaged page has spoilt would hold without being told
            await self.set_value(queueing.PAUSED, None)

    async def close(self) -> None:
        """Write what still waits to be written, and close the file. Any number of times."""
        await asyncio.to_thread(self.database.close)

    # ---- a job's way

    async def submit(self, new: NewJob) -> Submitted:
        """Queue a job. Raises JobExists for an id that is taken (ended jobs count), KeyReused, InvalidJob."""
        request = await prepare(new)

        def count(submitted: Submitted) -> None:
            self._remaining += not submitted.replayed

        return await self.database.write(lambda connection: add(connection, request, self._clock()), count)

    async def claim(self, worker: str, choose: Callable[[Job], str] | None = None) -> Job | None:
        """The next job, now running on this worker; None: nothing waits, or the queue is paused.

        `choose`, called on the writer's thread, may name another worker once it has seen the job.
        """
        if self._paused is not None:  # on a full disk, the table may not say so
            return None

        def work(connection: Any) -> Job | None:
            job = queueing.claim(connection, worker, self._clock())
            chosen = worker if job is None or choose is None else choose(job)
            return job if job is None or chosen == worker else queueing.reassign(connection, job, chosen)

        return await self.database.write(work)

    async def finish(self, job_id: str, outcome: Outcome) -> Job | None:
        """End a job; None: it has ended before (or was deleted), and this outcome is not kept."""
        stored = await pack_aside(outcome_to_data(outcome))

        def work(connection: Any) -> Job | None:
            job = queueing.finish(connection, job_id, outcome.status, stored, self._clock())
            if job is not None and self._ended % PRUNE_EVERY == PRUNE_EVERY - 1:
                history.prune(connection)
            return job

        def count(job: Job | None) -> None:
            self._remaining -= job is not None
            self._ended += job is not None

        return await self.database.write(work, count)

    async def give_back(self, job_id: str, count_attempt: bool) -> Job:
        """A running job waits again, before all others; `count_attempt`: the run that was cut off counts as one.

        A job that does not run is returned as it is. Raises UnknownJob.
        """
        return await self.database.write(lambda connection: queueing.give_back(connection, job_id, count_attempt))

    async def cancel_pending(self, ids: Collection[str] | None = None) -> list[Job]:
        """Pending jobs end as cancelled; those that were pending, by age. None: all."""

        def work(connection: Any) -> list[Job]:
            cancelled = queueing.cancel_pending(connection, ids, self._clock())
            if len(cancelled) >= PRUNE_EVERY:
                history.prune(connection)
            return cancelled

        def count(cancelled: list[Job]) -> None:
            self._remaining -= len(cancelled)
            self._ended += len(cancelled)

        return await self.database.write(work, count)

    # ---- the queue

    async def move(self, job_id: str, number: float) -> bool:
        """Give a pending job another place, lowest number first; False: none of this id is pending."""
        check_number(number)
        return await self.database.write(lambda connection: queueing.move(connection, job_id, number))

    async def pause(self, reason: str) -> None:
        """Claim nothing until `resume`, also after a restart. Where nothing can be written: until the server ends."""
        stored = pack(reason)
        try:
            await self.database.write(
                lambda connection: kept_values.set_value(connection, queueing.PAUSED, stored),
                lambda _: self._set_paused(reason),
            )
        except (StoreError, sqlite3.Error) as error:
            self._set_paused(reason)
            if not isinstance(error, StoreFull):
                raise

    async def resume(self) -> None:
        """Claim again."""
        await self.database.write(
            lambda connection: kept_values.set_value(connection, queueing.PAUSED, None),
            lambda _: self._set_paused(None),
        )

    def _set_paused(self, reason: str | None) -> None:
        self._paused = reason

    @property
    def paused(self) -> str | None:
        """Why nothing is claimed; None: the queue goes on."""
        return self._paused

    @property
    def remaining(self) -> int:
        """Pending and running jobs."""
        return self._remaining

    async def queue(self) -> tuple[list[Job], list[Job]]:
        """The running jobs, and the pending ones in the order in which they will be claimed."""
        return await self.database.read(queueing.queue)

    async def position(self, job_id: str) -> int | None:
        """A pending job's place in the queue, from 1; None: it is not pending."""
        return await self.database.read(lambda connection: queueing.position(connection, job_id))

    # ---- looking things up

    async def get(self, job_id: str) -> Job | None:
        """A job, whatever has become of it."""
        return await self.database.read(lambda connection: job_by_id(connection, job_id))

    async def history(self, max_items: int | None = None, offset: int | None = None) -> list[Job]:
        """Jobs that ran and ended, the oldest first (at most 10,000 are kept).

        `offset` leaves out that many of the oldest; 0 counts as none. `max_items` without an offset: that many of the
        newest; with one: that many from there on.
        """
        return [job async for job in self.each_in_history(max_items, offset)]

    async def each_in_history(self, max_items: int | None = None, offset: int | None = None) -> AsyncIterator[Job]:
        """The same one after another: the whole history may be more than the memory should hold at once."""
        seqs = await self.database.read(lambda connection: history.window(connection, max_items, offset))
        for first in range(0, len(seqs), AT_ONCE):
            part = seqs[first : first + AT_ONCE]
            for job in await self.database.read(partial(jobs_by_seq, seqs=part)):
                yield job

    async def jobs(
        self,
        statuses: Collection[Status] | None = None,
        limit: int | None = None,
        offset: int = 0,
        newest_first: bool = True,
    ) -> tuple[list[Job], int]:
        """A page of the jobs of these statuses (None: all), by the time they came; and how many there are in all."""
        return await self.database.read(
            lambda connection: history.listing(connection, statuses, limit, offset, newest_first)
        )

    async def delete_ended(self, ids: Collection[str] | None = None) -> int:
        """Forget ended jobs (None: all of them); returns how many there were. Pending and running ones stay."""
        seqs = await self.database.read(lambda connection: history.ended(connection, ids))
        deleted = 0
        for first in range(0, len(seqs), DELETED_AT_ONCE):
            part = seqs[first : first + DELETED_AT_ONCE]
            deleted += await self.database.write(partial(history.delete, seqs=part))
        return deleted

    # ---- small values

    async def set_value(self, key: str, value: Any) -> None:
        """Keep a JSON value under a name across restarts; None: forget it."""
        check_text("name of a value", key)
        stored = None if value is None else await pack_aside(value)
        await self.database.write(lambda connection: kept_values.set_value(connection, key, stored))

    async def value(self, key: str) -> Any:
        """What was kept under this name; None: nothing."""
        return await self.database.read(lambda connection: kept_values.get_value(connection, key))
