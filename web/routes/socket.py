"""The websocket."""

from __future__ import annotations

import asyncio
from socket import SO_SNDBUF, SOL_SOCKET
from uuid import uuid4

from aiohttp import WSMsgType, web

from web.refusal import Refusal
from web.route import Route
from web.sockets.client import SocketClient
from web.sockets.hub import HUB

KERNEL_BYTES = 256 * 2**10

LONGEST_MESSAGE = 2**20
"""What a client says is short; a connection with a longer message is closed."""


async def socket(request: web.Request) -> web.StreamResponse:
    """Tell a client what happens, until it leaves."""
    hub = request.app[HUB]
    websocket = web.WebSocketResponse(compress=False, max_msg_size=LONGEST_MESSAGE)
    if not websocket.can_prepare(request):
        what = "This address is for websockets only."
        raise Refusal(400, "not_a_websocket", what, "Connect with ws:// and the handshake of a websocket.")
    if hub.is_full:
        what = "Too many websockets are connected."
        raise Refusal(503, "too_many_clients", what, "Close some.", headers={"Retry-After": "10"})
    writer = await websocket.prepare(request)
    transport = request.transport
    if transport is None:
        return websocket  # it has gone already
    _bound_kernel_buffer(transport)
    client = SocketClient(request.query.get("clientId") or uuid4().hex, transport, writer.drain)
    hub.connect(client)
    try:
        async for said in websocket:
            if said.type is WSMsgType.TEXT:
                hub.take(client, said.data)
    finally:
        hub.disconnect(client)
        await client.end()
    return websocket


def _bound_kernel_buffer(transport: asyncio.Transport) -> None:
    """Keep the kernel from buffering megabytes for a client that does not read."""
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(SOL_SOCKET, SO_SNDBUF, KERNEL_BYTES)


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/ws",
        socket,
        "The websocket: the queue's state, and what happens in one's own jobs.",
        "Queue",
        query={"clientId": "Any text; jobs queued with it as client_id are told here. The server makes one if absent."},
        answers={
            101: "Connected.",
            400: "The request is not a websocket's handshake.",
            403: "It comes from a page of another site.",
            503: "Too many are connected.",
        },
        description="docs/api.md describes the messages.",
    ),
)
