"""`server`: the HTTP routes, messages and handlers that packs register."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import web

from execution.current import current_call
from execution.workers.messages import Broadcast
from packs.host import PromptHandler
from packs.lacking import lacking

from . import host

__getattr__ = lacking(__name__)


class BinaryEventTypes:
    """Numbers of binary messages."""

    PREVIEW_IMAGE = 1
    UNENCODED_PREVIEW_IMAGE = 2
    TEXT = 3
    PREVIEW_IMAGE_WITH_METADATA = 4


class PromptServer:
    """What packs reach of the server. The routes run in the worker; the server passes requests on to them."""

    instance: PromptServer

    @property
    def routes(self) -> web.RouteTableDef:
        """Where packs register handlers: `@PromptServer.instance.routes.get("/my/route")`."""
        return host.routes.table

    @property
    def app(self) -> web.Application:
        """The application that has the packs' routes."""
        return host.routes.app

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop that the packs' routes run on."""
        return host.routes.loop

    @property
    def client_id(self) -> str | None:
        """The client whose job runs, as the calling node sees it."""
        call = current_call()
        return None if call is None else call.context.extra.get("client_id")

    @property
    def last_node_id(self) -> str | None:
        """The node on the canvas that the calling node belongs to."""
        call = current_call()
        return None if call is None else call.context.node.display

    @property
    def last_prompt_id(self) -> str | None:
        """Of the job that runs, where it is told."""
        call = current_call()
        return None if call is None else call.context.extra.get("prompt_id")

    def send_sync(self, event: str | int, data: Any, sid: str | None = None) -> None:
        """Send browsers a message of one's own, all of them or one; a preview goes to those who watch the job.

        Raises:
            TypeError: the data is no JSON.
        """
        if isinstance(event, int):
            self._send_picture(event, data)
            return
        try:
            json.dumps(data)
        except (TypeError, ValueError) as error:
            raise TypeError(f"The message {event} cannot be sent: its data is no JSON ({error}).") from error
        host.send(Broadcast(event, data, sid))

    async def send(self, event: str | int, data: Any, sid: str | None = None) -> None:
        """As `send_sync`."""
        self.send_sync(event, data, sid)

    async def send_json(self, event: str, data: Any, sid: str | None = None) -> None:
        """As `send_sync`."""
        self.send_sync(event, data, sid)

    def send_progress_text(self, text: str | bytes, node_id: str, sid: str | None = None) -> None:
        """Show a text under a node."""
        shown = text.decode() if isinstance(text, bytes) else text
        host.send(Broadcast("progress_text", {"nodeId": node_id, "text": shown}, sid))

    def add_on_prompt_handler(self, handler: PromptHandler) -> PromptHandler:
        """Have each prompt go through a function before it runs."""
        host.prompt_handlers.append(handler)
        return handler

    def add_routes(self) -> None:
        """Nothing to do: routes are served once all packs are imported."""

    def queue_updated(self) -> None:
        """Nothing to do: the server tells clients of its queue by itself."""

    def _send_picture(self, event: int, data: Any) -> None:
        if event != BinaryEventTypes.UNENCODED_PREVIEW_IMAGE:
            raise TypeError("Weft encodes pictures itself: send event 2 with (format, picture, longest side).")
        host.context().preview(data[1])


PromptServer.instance = PromptServer()
