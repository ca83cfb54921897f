"""A real server for tests: a free port, a fresh workspace, a real dispatcher with small worker processes or none."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from execution.jobs.store import JobStore
from execution.legacy import class_node
from execution.logbook import Logbook
from execution.node import declared_node
from execution.registry import Registry
from execution.schema_data import catalogue_to_data
from execution.workers.dispatcher import Dispatcher
from execution.workers.states import Launch
from folders.workspace import Workspace
from tests.execution import small_worker
from tests.execution.worker_helpers import launch
from web.app import create_app
from web.site import Site, WebOptions

NOBODY: tuple[Launch, ...] = ()
"""No worker: what is queued stays queued. The node types are known, as after a restart."""

PATIENCE = 60.0  # seconds; a test that waits longer has failed


@dataclass
class Served:
    """A running server, and a client of it."""

    site: Site
    app: web.Application
    port: int
    session: aiohttp.ClientSession

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def dispatcher(self) -> Dispatcher:
        return self.site.dispatcher

    @property
    def store(self) -> JobStore:
        return self.site.dispatcher.store

    async def get(self, path: str, status: int = 200, **options: Any) -> Any:
        """The JSON answer of a GET."""
        return await self.ask("GET", path, status, **options)

    async def post(self, path: str, body: Any = None, status: int = 200, **options: Any) -> Any:
        """The JSON answer of a POST; None for an empty one."""
        data = None if body is None else json.dumps(body)
        return await self.ask("POST", path, status, data=data, **options)

    async def ask(self, method: str, path: str, status: int, **options: Any) -> Any:
        async with self.session.request(method, self.url + path, **options) as answer:
            text = await answer.text()
            assert answer.status == status, (answer.status, text)
            return json.loads(text) if text else None

    async def ready(self) -> None:
        """Wait until a worker can take jobs."""
        async with asyncio.timeout(PATIENCE):
            while not any(worker.status in ("ready", "busy") for worker in self.dispatcher.workers):
                await asyncio.sleep(0.02)

    async def queue(self, prompt: dict[str, Any], **more: Any) -> str:
        """Queue a prompt; its id."""
        return (await self.post("/prompt", {"prompt": prompt, **more}))["prompt_id"]

    async def ended(self, job_id: str) -> dict[str, Any]:
        """The history entry of a job, once it has one."""
        async with asyncio.timeout(PATIENCE):
            while not (found := await self.get(f"/history/{job_id}")):
                await asyncio.sleep(0.02)
        return found[job_id]


def small_nodes() -> Registry:
    """The node types of the small workers."""
    functions = filter(None, map(declared_node, small_worker.FUNCTIONS))
    classes = (class_node(kind.__name__, kind) for kind in (small_worker.Picky, small_worker.TakesAll))
    return Registry([*functions, *classes])


@asynccontextmanager
async def served(
    folder: Path, launches: Sequence[Launch] | None = None, *, headers: dict[str, str] | None = None, **options: Any
) -> AsyncIterator[Served]:
    """A server; `launches` are its workers (one small one by default), `options` those of `WebOptions`."""
    workspace = Workspace(folder)
    for kind in ("input", "output", "temp"):
        workspace.folder(kind).mkdir(parents=True, exist_ok=True)
    workspace.user.mkdir(parents=True, exist_ok=True)
    store = await JobStore.open(workspace.user / "jobs.sqlite3")
    logs = Logbook()
    workers = [launch()] if launches is None else list(launches)
    if not workers:
        kept = {"fingerprint": "", "catalogue": catalogue_to_data(small_nodes().catalogue()), "packs": []}
        await store.set_value("catalogue", kept)
    dispatcher = Dispatcher(store, workers, logs, workspace.list_files, workspace.has_file)
    site = Site(dispatcher, workspace, WebOptions(port=0, **options), logs)
    app = create_app(site)
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await dispatcher.start()
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0)
    await listener.start()
    port = runner.addresses[0][1]
    session = aiohttp.ClientSession(headers=headers)
    try:
        yield Served(site, app, port, session)
    finally:
        await session.close()
        await runner.cleanup()
        await dispatcher.stop()
        await store.close()


def serving(
    folder: Path, test: Callable[[Served], Awaitable[None]], launches: Sequence[Launch] | None = None, **options: Any
) -> None:
    """Run a test against a server."""

    async def main() -> None:
        async with served(folder, launches, **options) as server:
            await test(server)

    asyncio.run(main())
