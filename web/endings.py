"""Waiting for jobs to end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import web

from execution.jobs.records import ENDED, Job
from execution.workers.dispatcher import Dispatcher
from execution.workers.news import JobEnded, News


class Endings:
    """Wakes whoever waits for a job, without asking the database over and over."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._waiting: dict[str, set[asyncio.Future[Job]]] = {}
        self._stop_listening: Callable[[], None] | None = None

    def start(self) -> None:
        self._stop_listening = self._dispatcher.listen(self._hear)

    def stop(self) -> None:
        """Stop listening; who still waits is told that nothing comes any more."""
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None
        for waiting in self._waiting.values():
            for future in waiting:
                future.cancel()

    async def wait(self, job_id: str, seconds: float) -> Job | None:
        """The job once it has ended, or as it is after that many seconds; None when there is no such job."""
        future: asyncio.Future[Job] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(job_id, set())
        waiting.add(future)
        try:
            job = await self._dispatcher.store.get(job_id)  # after the future is there, so that no ending is missed
            if job is None or job.status in ENDED or seconds <= 0:
                return job
            done, _ = await asyncio.wait([future], timeout=seconds)
            if done and not future.cancelled():
                return future.result()
            return await self._dispatcher.store.get(job_id)
        finally:
            waiting.discard(future)
            if not waiting:
                self._waiting.pop(job_id, None)

    def _hear(self, news: News) -> None:
        if isinstance(news, JobEnded):
            for future in self._waiting.get(news.job.id, ()):
                if not future.done():
                    future.set_result(news.job)


ENDINGS: web.AppKey[Endings] = web.AppKey("endings", Endings)
