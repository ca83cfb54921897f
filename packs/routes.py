"""HTTP routes of packs: registered as with aiohttp, served inside the worker, reached through the server.

They run on an event loop of their own, so that a slow handler delays neither jobs nor messages. Whoever asks must send
a secret that only the server knows: the address is one that other programs of this machine could reach.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
import secrets
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from packs.socket_place import free_socket_path

HEADER = "X-Weft-Worker"
MAX_BODY = 1024 * 2**20  # bytes; the server's own limit is the one that users set
STOP_WAIT = 2.0  # seconds that open requests have to end

log = logging.getLogger("weft.packs")


@dataclass(frozen=True, slots=True)
class Served:
    """Where the routes are."""

    routes: tuple[tuple[str, str], ...]  # method ("*": all), path as aiohttp writes it: "/x/{name}"
    address: str  # a Unix socket's path, or "127.0.0.1:port"
    secret: str  # to be sent as X-Weft-Worker


class LoopThread:
    """An event loop that runs on a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="packs", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """What a coroutine gives; called from other threads."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def close(self) -> None:
        """Cancel what still runs, and end the thread."""
        self.run(_cancel_others())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


class PackRoutes:
    """What packs register: a table for each pack, and an application that all share."""

    def __init__(self) -> None:
        self.secret = secrets.token_urlsafe(32)
        self.app = web.Application(client_max_size=MAX_BODY, middlewares=[_guard(self.secret)])
        self.tables = [web.RouteTableDef()]
        self._thread: LoopThread | None = None
        self._runner: web.AppRunner | None = None
        self._socket: Path | None = None

    @property
    def table(self) -> web.RouteTableDef:
        """The table of the pack that is being imported."""
        return self.tables[-1]

    @property
    def count(self) -> int:
        """How many routes there are."""
        return sum(len(table) for table in self.tables) + len(self.app.router.routes())

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """Where handlers run."""
        return self._running_thread().loop

    def next_pack(self, *, keep: bool) -> None:
        """Begin the next pack's table; the present one is dropped if its pack failed."""
        if not keep:
            self.tables.pop()
        self.tables.append(web.RouteTableDef())

    def start(self) -> Served | None:
        """Serve what is registered; None if that is nothing. Called once, when all packs are imported."""
        for table in self.tables:
            for definition in table:
                try:
                    definition.register(self.app.router)
                except (RuntimeError, ValueError) as error:
                    log.warning("A route of a node pack is left out (%r): %s", definition, error)
        routes = tuple(dict.fromkeys(_described(route) for route in self.app.router.routes()))
        if not routes:
            return None
        return Served(routes, self._running_thread().run(self._serve()), self.secret)

    def close(self) -> None:
        """Stop serving and end the thread."""
        if self._thread is None:
            return
        if self._runner is not None:
            self._thread.run(self._runner.cleanup())
        self._thread.close()
        self._thread = self._runner = None
        if self._socket is not None:
            self._socket.unlink(missing_ok=True)
            self._socket = None

    def _running_thread(self) -> LoopThread:
        if self._thread is None:
            self._thread = LoopThread()
        return self._thread

    async def _serve(self) -> str:
        runner = self._runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=STOP_WAIT)
        await runner.setup()
        if os.name == "posix":
            self._socket = free_socket_path()
            await web.UnixSite(runner, str(self._socket)).start()
            return str(self._socket)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        return f"{host}:{port}"


def _described(route: web.AbstractRoute) -> tuple[str, str]:
    resource = route.resource
    path = "" if resource is None else resource.canonical
    return (route.method, f"{path}/{{path:.*}}" if isinstance(resource, web.StaticResource) else path)


def _guard(secret: str) -> Any:
    """Refuses whoever does not know the secret; answers for handlers that fail."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not hmac.compare_digest(request.headers.get(HEADER, "").encode(), secret.encode()):
            raise web.HTTPForbidden(text="Ask Weft's server for this, not its worker.")
        try:
            return await handler(request)
        except web.HTTPException:
            raise
        except Exception as error:  # a pack's own code: the answer says so, the log has the details
            log.warning("The route %s %s of a node pack failed.", request.method, request.path, exc_info=True)
            said = f"The node pack that serves {request.path} failed: {type(error).__name__}: {error}"
            body = {"error": {"type": "node_pack_failed", "message": said}}
            return web.json_response(body, status=500)

    return guard


async def _cancel_others() -> None:
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
