"""Telling another server that a job has ended."""

from __future__ import annotations

import asyncio
import hmac
import logging
import socket
from collections.abc import Callable
from hashlib import sha256
from typing import Any, cast
from urllib.parse import quote

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector, web
from aiohttp.abc import AbstractResolver, ResolveResult

from execution.jobs.errors import StoreError
from execution.jobs.records import ENDED, Job
from execution.workers.news import JobEnded, News
from web.answers import to_json
from web.job_results import run_result
from web.site import Site
from web.webhook_targets import TargetRefused, resolve

log = logging.getLogger(__name__)

WAITS = (0.0, 1.0, 5.0, 30.0, 120.0)
"""Seconds before each attempt."""

ATTEMPT_SECONDS = 15.0
AT_ONCE = 16
WAITING = "webhooks"
"""The store's value with the ids of jobs whose webhook has not been told, so that a restart forgets none."""


class Webhooks:
    """Posts the result of each job that has a `webhook` to it, a few times if need be."""

    def __init__(self, site: Site, waits: tuple[float, ...] = WAITS) -> None:
        self._site = site
        self.waits = waits
        self.waiting: dict[str, None] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._saving = asyncio.Lock()
        self._stop_listening: Callable[[], None] | None = None

    async def start(self) -> None:
        """Begin to listen, and tell what an earlier server did not come to tell."""
        self._stop_listening = self._site.dispatcher.listen(self._hear)
        kept: Any = await self._site.dispatcher.store.value(WAITING)
        for job_id in cast("list[str]", kept) if isinstance(kept, list) else []:
            self.waiting[job_id] = None
            job = await self._site.dispatcher.store.get(job_id)
            if job is None:
                await self._forget(job_id)
            elif job.status in ENDED:
                self._begin(job)

    async def stop(self) -> None:
        """Stop; what was not told is told after the next start."""
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def expect(self, job: Job) -> None:
        """Note down that a job's end is to be told; before its acceptance is answered."""
        if job.webhook is None or job.id in self.waiting:
            return
        self.waiting[job.id] = None
        await self._save()
        known = await self._site.dispatcher.store.get(job.id)
        if known is not None and known.status in ENDED:  # it was quicker
            self._begin(known)

    def _hear(self, news: News) -> None:
        if isinstance(news, JobEnded) and news.job.webhook is not None and news.job.id in self.waiting:
            self._begin(news.job)

    def _begin(self, job: Job) -> None:
        name = f"webhook {job.id}"
        if any(task.get_name() == name for task in self._tasks):
            return
        task = asyncio.get_running_loop().create_task(self._deliver(job), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, job: Job) -> None:
        body = to_json({"event": "job.ended", **run_result(job)}).encode("ascii")
        told = "nothing was tried"
        for wait in self.waits:
            await asyncio.sleep(wait)
            try:
                async with self._slots:
                    status = await self._post(job, body)
            except (TargetRefused, ValueError) as error:  # nothing that will be otherwise the next time
                told = str(error)
                break
            except (OSError, ClientError, TimeoutError) as error:
                told = f"{type(error).__name__}: {error}"
                continue
            if status < 400:
                await self._forget(job.id)
                return
            told = f"it answered {status}"
            if status < 500 and status not in (408, 425, 429):
                break
        log.warning("The webhook of job %s could not be told that it ended: %s.", job.id, told)
        await self._forget(job.id)

    async def _post(self, job: Job, body: bytes) -> int:
        """One attempt, to an address that was checked just now; redirects are not followed."""
        url = job.webhook or ""
        options = self._site.options
        address = await resolve(url, options.allow_private_webhooks)
        headers = {"Content-Type": "application/json", "User-Agent": "Weft", "X-Weft-Job": quote(job.id)}
        if options.token is not None:
            signature = hmac.new(options.token.encode(), body, sha256).hexdigest()
            headers["X-Weft-Signature"] = f"sha256={signature}"
        connector = TCPConnector(resolver=_Fixed(address), use_dns_cache=False, force_close=True)
        timeout = ClientTimeout(total=ATTEMPT_SECONDS)
        async with (
            ClientSession(connector=connector, timeout=timeout, trust_env=False) as session,
            session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            return answer.status if answer.status < 300 or answer.status >= 400 else 400

    async def _forget(self, job_id: str) -> None:
        self.waiting.pop(job_id, None)
        await self._save()

    async def _save(self) -> None:
        async with self._saving:
            try:
                await self._site.dispatcher.store.set_value(WAITING, list(self.waiting))
            except StoreError as error:
                log.warning("Which webhooks wait cannot be noted down: %s", error)


class _Fixed(AbstractResolver):
    """Answers every question with one address: the one that was checked."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        kind = socket.AF_INET6 if ":" in self._address else socket.AF_INET
        flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        found = ResolveResult(hostname=host, host=self._address, port=port, family=kind, proto=0, flags=flags)
        return [found]

    async def close(self) -> None:
        pass


WEBHOOKS: web.AppKey[Webhooks] = web.AppKey("webhooks", Webhooks)
