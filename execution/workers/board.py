"""The jobs that run: from the claim until the store knows how they came out."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Collection

from execution.jobs.errors import StoreError, UnknownJob
from execution.jobs.records import Job
from execution.jobs.store import JobStore
from execution.logbook import Logbook
from execution.workers.messages import CancelJob
from execution.workers.news import JobEnded, JobRetried, News, QueueChanged
from execution.workers.running import Running
from execution.workers.seat import Seat
from execution.workers.states import JobProgress

ATTEMPTS = 2  # runs begun; a job whose worker dies in the last of them has failed
UNWRITABLE = (StoreError, sqlite3.Error)  # what a store raises that cannot be written
RETRY_EVERY = 5.0  # seconds between two tries to write down what the store could not take


class Board:
    """Every change of a job goes through here, one at a time, so that a job cannot be claimed while it is cancelled.

    What the store cannot take (a full disk) stays here, the queue is paused, and it is tried again now and then. A job
    whose node finds a disk full goes back to the queue, which is paused too, until somebody says that there is room.
    """

    def __init__(
        self, store: JobStore, logs: Logbook, emit: Callable[[News], None], wake: Callable[[], None], grace: float
    ) -> None:
        self.lock = asyncio.Lock()
        self.running: dict[str, Running] = {}
        self._store = store
        self._logs = logs
        self._emit = emit
        self._wake = wake
        self._grace = grace
        self._unwritten: dict[str, Running] = {}
        self._full: str | None = None  # the pause that a store that cannot be written has brought
        self._retrying: asyncio.Task[None] | None = None

    def queue_changed(self) -> None:
        self._emit(QueueChanged(self._store.remaining, self._store.paused))

    def of(self, seat: Seat) -> Running | None:
        """The job that a worker runs."""
        return next((one for one in self.running.values() if one.seat is seat and not one.over), None)

    def begin(self, job: Job, seat: Seat) -> Running:
        """A claimed job goes to a worker."""
        running = self.running[job.id] = Running(job, seat, JobProgress(job.id))
        return running

    async def cancel(self, job_id: str) -> str | None:
        """Cancel a job; "pending" or "running", as it was, or None."""
        async with self.lock:
            running = self.running.get(job_id)
            if running is not None:
                self.stop(running)
                return "running"
            ended = await self._store.cancel_pending([job_id])
            if ended:
                self.tell_ended(ended)
            return "pending" if ended else None

    async def cancel_pending(self, ids: Collection[str] | None) -> None:
        """Cancel waiting jobs: these, or all."""
        async with self.lock:
            ended = await self._store.cancel_pending(ids)
            if ended:
                self.tell_ended(ended)

    def stop(self, running: Running) -> None:
        """Ask a running job to stop; when it does not, or when asked again, its worker is ended."""
        impatient = running.impatient()
        if running.over:
            return
        if impatient:
            self._force(running)
        elif running.patience is None:
            running.seat.send(CancelJob(running.job.id))
            running.patience = asyncio.get_running_loop().call_later(self._grace, self._force, running)

    def _force(self, running: Running) -> None:
        if not running.over:
            self._logs.write("server", f"Job {running.job.id} did not stop when cancelled: its worker is ended.")
            running.seat.kill("it was ended because a cancelled job did not stop")

    def tell_ended(self, jobs: Collection[Job]) -> None:
        for job in jobs:
            self._emit(JobEnded(job))
        self.queue_changed()

    async def lost(self, running: Running, death: str, *, stopping: bool) -> None:
        """The worker of a running job is gone."""
        async with self.lock:
            if running.cancelled_at is not None:
                running.end(running.cut_off(cancelled=True))
            elif stopping:
                running.end(None)
                running.count_attempt = False
            elif running.job.attempts >= ATTEMPTS:
                error = running.death_error(death, running.seat.last_lines)
                running.end(running.cut_off(cancelled=False, error=error))
            else:
                running.end(None)
                running.reason = running.death_sentence(death)
            await self.settle(running)

    async def settle(self, running: Running) -> bool:
        """Write down how a job came out, holding the lock; whether the store could take it."""
        job_id = running.job.id
        if running.outcome is None and running.cancelled_at is not None:
            running.outcome = running.cut_off(cancelled=True)
        if running.found_no_room():
            await self._pause(running.wait_for_room())
        try:
            if running.outcome is None:
                job = await self._store.give_back(job_id, running.count_attempt)
            else:
                job = await self._store.finish(job_id, running.outcome)
        except UnknownJob:
            job = None
        except UNWRITABLE as error:
            self._unwritten[job_id] = running
            await self.cannot_write(error)
            return False
        self._unwritten.pop(job_id, None)
        self.running.pop(job_id, None)
        if job is None:  # it had ended before: nothing to tell
            return True
        if running.outcome is not None:
            self._emit(JobEnded(job))
        elif running.reason:
            self._emit(JobRetried(job, running.reason))
        self.queue_changed()
        return True

    async def cannot_write(self, error: Exception) -> None:
        """Pause the queue because the store cannot be written; goes on by itself when it can."""
        if self._store.paused is None:
            self._full = str(error)
            await self._pause(self._full)
        if self._retrying is None or self._retrying.done():
            self._retrying = asyncio.get_running_loop().create_task(self._retry(), name="write what is unwritten")

    async def _pause(self, why: str) -> None:
        """Pause the queue, unless it is paused already."""
        if self._store.paused is not None:
            return
        self._logs.write("server", f"The queue is paused. {why}")
        with contextlib.suppress(*UNWRITABLE):  # the pause holds in memory whether or not it can be kept
            await self._store.pause(why)
        self.queue_changed()

    async def _retry(self) -> None:
        while self._unwritten or self._full is not None:
            await asyncio.sleep(RETRY_EVERY)
            with contextlib.suppress(*UNWRITABLE):
                await self.write_unwritten()

    async def write_unwritten(self) -> None:
        """Try again to write down what could not be, and end the pause that it brought.

        Raises:
            StoreError: it still cannot be written.
        """
        async with self.lock:
            for running in list(self._unwritten.values()):
                if not await self.settle(running):
                    break
            if self._full is None or self._unwritten:
                return
            if self._store.paused == self._full:
                await self._store.resume()
            self._full = None
        self.queue_changed()
        self._wake()

    async def close(self) -> None:
        """A last try, then no more."""
        if self._retrying is not None:
            self._retrying.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._retrying
        async with self.lock:
            for running in list(self._unwritten.values()):
                if running.outcome is None:
                    running.count_attempt = False
                try:
                    await self._settle_last(running)
                except UNWRITABLE as error:
                    self._logs.write("server", f"Job {running.job.id} will run again at the next start. {error}")

    async def _settle_last(self, running: Running) -> None:
        if running.outcome is None:
            await self._store.give_back(running.job.id, running.count_attempt)
        else:
            await self._store.finish(running.job.id, running.outcome)
