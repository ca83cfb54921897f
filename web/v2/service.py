"""What the handlers of API v2 share, made and ended with the application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from execution.jobs.records import Job
from web.site import SITE, Site
from web.v2.assets import Asset, AssetLibrary
from web.v2.hasher import Hasher
from web.v2.live import LiveJobs
from web.v2.outputs import Made, Outputs, made_by_all


@dataclass(slots=True)
class ApiV2:
    """API v2's parts."""

    site: Site
    library: AssetLibrary
    outputs: Outputs
    hasher: Hasher
    live: LiveJobs
    submitting: set[str] = field(default_factory=set[str])  # idempotency keys whose first request is being answered
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def temporary(self) -> Path:
        """Where uploads lie until they are whole."""
        return self.site.workspace.folder("temp")

    async def job(self, job_id: str) -> Job | None:
        """The job of the store's id."""
        return await self.site.dispatcher.store.get(job_id)

    async def assets_of(self, job: Job) -> list[Asset]:
        """What a job has made so far."""
        made: list[Made] = []
        if job.outcome is not None:
            made = made_by_all(job.outcome.outputs, job.outcome.meta)
        elif live := self.live.running(job.id):
            made = list(live.made.values())
        assets = await self.outputs.assets(job.id, made)
        if job.outcome is not None:
            self.hasher.want(assets)
        return assets

    async def position(self, job: Job) -> int | None:
        """A queued job's place, from 1."""
        return await self.site.dispatcher.store.position(job.id) if job.status == "pending" else None


API_V2: web.AppKey[ApiV2] = web.AppKey("api_v2", ApiV2)


def api(request: web.Request) -> ApiV2:
    return request.app[API_V2]


async def api_v2(app: web.Application) -> AsyncIterator[None]:
    """A cleanup context: the parts live as long as the application serves."""
    site = app[SITE]
    library = AssetLibrary(site.dispatcher.store.database)
    await library.open()
    hasher = Hasher(library, site.workspace)
    parts = ApiV2(site, library, Outputs(library, site.workspace), hasher, LiveJobs())
    app[API_V2] = parts
    stop_listening = site.dispatcher.listen(parts.live.hear)
    hasher.start()
    yield
    stop_listening()
    await hasher.stop()


async def end_streams(app: web.Application) -> None:
    """On shutdown: event streams end, so that the server does not wait for them."""
    app[API_V2].stopping.set()
    app[API_V2].live.end_all()
