"""The event stream of a job: first how it stands, then what happens, until it has ended."""

from __future__ import annotations

import asyncio
import base64
from time import monotonic
from typing import Any, cast

from aiohttp import web

from execution.jobs.records import Job
from execution.workers.news import JobPicture
from web.answers import to_json
from web.v2.links import origin
from web.v2.live import Watcher
from web.v2.outputs import Made
from web.v2.refusals import not_found
from web.v2.service import ApiV2
from web.v2.shapes import has_ended, output_json, progress_json, status_of

PACE = 0.5  # seconds between two lots of progress, previews and positions
KEEP_ALIVE = 15.0  # seconds of silence after which a comment is sent
STREAM_HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class JobStream:
    """One client's stream of one job."""

    def __init__(self, parts: ApiV2, request: web.Request, job: Job) -> None:
        self._parts = parts
        self._request = request
        self._job_id = job.id
        self._response = web.StreamResponse(headers=STREAM_HEADERS)
        self._told_status: tuple[str, int | None] | None = None
        self._last_lot = 0.0

    async def serve(self) -> web.StreamResponse:
        """Send until the job has ended, the client has gone or the server stops."""
        watcher = self._parts.live.watch(self._job_id)
        try:
            job = await self._parts.job(self._job_id)  # after watching has begun, so that nothing falls between
            if job is None:
                raise not_found("job")
            await self._response.prepare(self._request)
            await self._snapshot(job)
            if not has_ended(job):
                await self._follow(watcher)
            await self._response.write_eof()
        except ConnectionError:
            pass  # the client has gone, which ends the stream as well
        finally:
            self._parts.live.unwatch(self._job_id, watcher)
        return self._response

    async def _snapshot(self, job: Job) -> None:
        await self._status(job)
        live = self._parts.live.running(job.id)
        if live is None or job.status != "running":
            return
        await self._send("progress", live.to_json())
        if live.preview is not None:
            await self._preview(live.preview)

    async def _follow(self, watcher: Watcher) -> None:
        while not self._parts.stopping.is_set():
            try:
                async with asyncio.timeout(KEEP_ALIVE):
                    await watcher.wake.wait()
            except TimeoutError:
                await self._response.write(b": still here\n\n")
                continue
            watcher.wake.clear()
            await self._lot(watcher)
            if watcher.ended is not None:
                await self._lot(watcher)  # what came in while the first lot was written
                if watcher.ended.status == "success":
                    await self._send("progress", progress_json(watcher.ended, None) or {})
                await self._status(watcher.ended)
                return

    async def _lot(self, watcher: Watcher) -> None:
        """What has come in: outputs and logs at once, the rest not faster than `PACE`."""
        while watcher.waiting:
            kind, value = watcher.waiting.popleft()
            await (self._output(value) if kind == "output" else self._send(kind, value))
        wait = self._last_lot + PACE - monotonic()
        if watcher.ended is None and not watcher.waiting and wait > 0:
            if watcher.progress or watcher.preview or watcher.status:
                asyncio.get_running_loop().call_later(wait, watcher.wake.set)
            return
        self._last_lot = monotonic()
        status, progress, preview = watcher.status, watcher.progress, watcher.preview
        watcher.status = watcher.progress = watcher.preview = False
        if status and watcher.ended is None:
            job = await self._parts.job(self._job_id)
            if job is not None and not has_ended(job):
                await self._status(job)
        live = self._parts.live.running(self._job_id)
        if live is not None and progress:
            await self._send("progress", live.to_json())
        if live is not None and preview and live.preview is not None:
            await self._preview(live.preview)

    async def _status(self, job: Job) -> None:
        status = status_of(job, self._parts.live.running(job.id)), await self._parts.position(job)
        if status != self._told_status:
            self._told_status = status
            await self._send("status", {"status": status[0], "queue_position": status[1]})

    async def _output(self, made: Made) -> None:
        for asset in await self._parts.outputs.assets(self._job_id, [made]):
            await self._send("output", output_json(asset, origin(self._request)))

    async def _preview(self, picture: JobPicture) -> None:
        node = picture.node.real or picture.node.id
        data = base64.b64encode(picture.payload).decode("ascii")
        await self._send("preview", {"node_id": node, "content_type": picture.media_type, "data_base64": data})

    async def _send(self, event: str, data: dict[str, Any]) -> None:
        await self._response.write(f"event: {event}\ndata: {to_json(cast('Any', data))}\n\n".encode("ascii"))
