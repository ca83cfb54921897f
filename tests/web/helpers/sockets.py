"""A websocket as a client has it, and what it heard."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from tests.web.helpers.serving import PATIENCE, Served


class Ears:
    """Hears a websocket; text messages are decoded, binary ones are bytes."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.heard: list[Any] = []

    async def next(self) -> Any:
        said = await self.socket.receive(timeout=PATIENCE)
        assert said.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY), said
        self.heard.append(json.loads(said.data) if said.type is aiohttp.WSMsgType.TEXT else said.data)
        return self.heard[-1]

    async def until(self, found: Callable[[Any], Any]) -> Any:
        """The first message that `found` likes."""
        while not found(message := await self.next()):
            pass
        return message

    async def until_over(self, job: str) -> list[Any]:
        """Everything up to the message that says that a job is over."""
        over = {"node": None, "prompt_id": job}
        await self.until(lambda said: isinstance(said, dict) and said["type"] == "executing" and said["data"] == over)
        return self.heard

    def of(self, kind: str) -> list[Any]:
        return [said["data"] for said in self.heard if isinstance(said, dict) and said["type"] == kind]

    def kinds(self, *without: str) -> list[str]:
        """The types of the text messages in order, a binary one as `bytes`."""
        names = [said["type"] if isinstance(said, dict) else "bytes" for said in self.heard]
        return [name for name in names if name not in without]

    async def silent(self) -> bool:
        """Whether nothing has come, once the server has answered something else on this socket."""
        before = len(self.heard)
        await self.socket.send_str(json.dumps({"type": "feature_flags", "data": {}}))
        while (await self.next())["type"] != "feature_flags":
            pass
        return len(self.heard) == before + 1


@asynccontextmanager
async def ears(server: Served, client_id: str | None = None, **flags: Any) -> AsyncIterator[Ears]:
    """A connected websocket that has heard the first message, and the answer to its flags if it has some."""
    query = "" if client_id is None else f"?clientId={client_id}"
    async with server.session.ws_connect(f"{server.url}/ws{query}") as socket:
        made = Ears(socket)
        if flags:
            await socket.send_str(json.dumps({"type": "feature_flags", "data": flags}))
            await made.until(lambda said: said["type"] == "feature_flags")
        else:
            await made.next()
        yield made


async def waits(found: Callable[[], Any]) -> Any:
    """What `found` gives, once it gives something."""
    async with asyncio.timeout(PATIENCE):
        while not (value := found()):
            await asyncio.sleep(0.01)
    return value
