"""Giving out jobs: the next one in the queue to an idle worker, rather to one that has run the same models before."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from execution.jobs.records import Job, JobError, Outcome
from execution.jobs.store import JobStore
from execution.workers.affinity import Affinity, traces_of
from execution.workers.board import UNWRITABLE, Board
from execution.workers.known import Known
from execution.workers.messages import RunJob
from execution.workers.news import JobStarted, News
from execution.workers.running import Running
from execution.workers.seat import Seat
from execution.workers.wire import WireError


class GivingOut:
    """A task that gives out what there is whenever `wake` is set: a job came, a worker became idle.

    `queued` tells of a job that nobody has heard of yet.
    """

    def __init__(
        self,
        store: JobStore,
        board: Board,
        seats: Sequence[Seat],
        known: Known,
        wake: asyncio.Event,
        emit: Callable[[News], None],
        queued: Callable[[Job], None],
    ) -> None:
        self._store = store
        self._board = board
        self._seats = seats
        self._known = known
        self._wake = wake
        self._emit = emit
        self._queued = queued
        self._affinity = Affinity()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.get_running_loop().create_task(self._serve(), name="give out jobs")
        self._wake.set()

    async def stop(self) -> None:
        """Give out no more."""
        self._stopping = True
        if self._task is not None:
            async with self._board.lock:  # not between a claim and what follows from it
                self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def forget(self, worker: str) -> None:
        """A worker has died, and what it had loaded with it."""
        self._affinity.forget(worker)

    async def _serve(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                while await self._start_next():
                    pass
            except UNWRITABLE as error:
                await self._board.cannot_write(error)

    async def _start_next(self) -> bool:
        """Give the next job to a worker; False: there is no job, or no worker for it."""
        async with self._board.lock:
            idle = [seat for seat in self._seats if seat.idle]
            if not idle or self._stopping or self._store.paused is not None:
                return False
            choose = self._chooser([seat.name for seat in idle])
            job = await self._store.claim(idle[0].name, choose)
            if job is None:
                return False
            seat = next(seat for seat in idle if seat.name == job.worker)
            running = self._board.begin(job, seat)
            if not seat.idle:  # it died while the claim was written
                running.end(None)
                running.count_attempt = False
                await self._board.settle(running)
                return True
            self._queued(job)
            seat.set(tell=False, status="busy", job=job.id)
            self._emit(JobStarted(job))
            await self._send(running)
            return True

    async def _send(self, running: Running) -> None:
        """Have the worker run the job; one that cannot be sent ends here."""
        job, seat = running.job, running.seat
        try:
            seat.send(RunJob(job.id, job.prompt, job.targets, job.extra, job.attempts))
        except WireError as error:
            said = f"The job could not be given to a worker. {error} Queue it in smaller parts."
            running.end(Outcome("error", error=JobError("server", said, type(error).__name__)))
            await self._board.settle(running)
            seat.set(tell=False, status="ready", job=None)

    def _chooser(self, idle: list[str]) -> Callable[[Job], str] | None:
        """How to choose among idle workers once the job is known; None where there is only one to choose."""
        catalogue = self._known.catalogue or {}
        if len(self._seats) == 1:
            return None

        def choose(job: Job) -> str:
            traces = traces_of(job.prompt, catalogue)
            name = self._affinity.best(idle, traces)
            self._affinity.ran(name, traces)
            return name

        return choose
