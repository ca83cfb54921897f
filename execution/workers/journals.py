"""Forgetting what each job has published, once nobody will run it again (see folders/job_files.py)."""

from __future__ import annotations

import asyncio

from execution.jobs.store import JobStore
from execution.workers.news import JobEnded, News
from folders.job_files import JobFiles


class Journals:
    """Listens to the dispatcher; removes files on a thread, one at a time."""

    def __init__(self, files: JobFiles) -> None:
        self._files = files
        self._ended: list[str] = []
        self._task: asyncio.Task[None] | None = None

    async def tidy(self, store: JobStore) -> None:
        """Remove the journals of jobs that ended while their server died."""
        running, pending = await store.queue() if store.remaining else ([], [])
        await asyncio.to_thread(self._files.forget_all_but, {job.id for job in (*running, *pending)})

    def hear(self, news: News) -> None:
        if isinstance(news, JobEnded):
            self._ended.append(news.job.id)
            if self._task is None or self._task.done():
                self._task = asyncio.get_running_loop().create_task(self._forget(), name="forget journals")

    async def close(self) -> None:
        """Finish."""
        if self._task is not None:
            await self._task

    async def _forget(self) -> None:
        while self._ended:
            ended, self._ended = self._ended, []
            await asyncio.to_thread(self._remove, ended)

    def _remove(self, jobs: list[str]) -> None:
        for job in jobs:
            try:
                self._files.forget(job)
            except OSError:
                continue  # the next start tries again
