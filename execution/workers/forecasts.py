"""Forecasts of the jobs that run: learns from every node that ends, and keeps what it learned."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Mapping
from typing import Any, cast

from execution.events import Cached, NodeFinished
from execution.jobs.errors import StoreError
from execution.jobs.records import Job
from execution.jobs.store import JobStore
from execution.workers.board import Board
from execution.workers.durations import Described, Durations
from execution.workers.eta import Eta, estimate, nodes_to_run
from execution.workers.known import Known
from execution.workers.news import JobEnded, JobStarted, JobTold, News

KEEP_EVERY = 30.0  # seconds between two times that what was learned is written down


class Forecasts:
    """Listens to the dispatcher."""

    def __init__(self, store: JobStore, board: Board, known: Known) -> None:
        self._store = store
        self._board = board
        self._known = known
        self._durations = Durations()
        self._to_run: dict[str, dict[str, Described]] = {}  # by job, once asked for
        self._keeping: asyncio.Task[None] | None = None

    async def load(self) -> None:
        """Read what was kept."""
        await self._durations.load(self._store)

    async def close(self) -> None:
        """Write down what was learned."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        await self._keep()

    def of(self, job_id: str) -> Eta | None:
        """When a job will be done; None: it does not run, or nothing is known."""
        running = self._board.running.get(job_id)
        if running is None or running.over or not running.progress.planned:
            return None
        if job_id not in self._to_run:
            self._to_run[job_id] = nodes_to_run(running, self._known.catalogue or {})
        return estimate(running, self._durations, self._to_run[job_id])

    def hear(self, news: News) -> None:
        if isinstance(news, JobTold):  # by far the most
            event = news.event
            if isinstance(event, NodeFinished):
                if not self._durations.knows(event.node.type, event.seconds):
                    self._learn(news.job, event.node.id, event.seconds)
            elif isinstance(event, Cached):
                self._to_run.pop(news.job.id, None)
        elif isinstance(news, (JobStarted, JobEnded)):
            self._to_run.pop(news.job.id, None)
            if self._durations.changed and (self._keeping is None or self._keeping.done()):
                self._keeping = asyncio.get_running_loop().create_task(self._keep_soon(), name="keep durations")

    def _learn(self, job: Job, node_id: str, seconds: float) -> None:
        written = job.prompt.get(node_id)
        running = self._board.running.get(job.id)
        if not isinstance(written, Mapping) or running is None:
            return  # a node of an expansion: its parent's seconds hold its own
        steps = running.progress.steps.get(node_id)
        node = cast("Mapping[str, Any]", written)
        self._durations.learn(node, None if steps is None else steps[1], seconds, self._known.catalogue or {})

    async def _keep_soon(self) -> None:
        await asyncio.sleep(KEEP_EVERY)
        await self._keep()

    async def _keep(self) -> None:
        with contextlib.suppress(StoreError, sqlite3.Error):  # they are learned anew
            await self._durations.keep(self._store)
