"""/internal/logs: the console panel."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from web.answers import empty_answer, json_answer, read_object
from web.refusal import Refusal
from web.route import Route
from web.site import site
from web.sockets.logs import LOG_FEED, log_entry

SHOWN_LINES = 300
SIZE = {"cols": 120, "rows": 40}
"""Of the terminal that the panel draws; a log has no such size of its own."""


async def get_logs(request: web.Request) -> web.Response:
    """The last lines as one text."""
    lines = (log_entry(line) for line in list(site(request).logs.lines)[-SHOWN_LINES:])
    return json_answer("".join(f"{line['t']} - {line['m']}" for line in lines))


async def get_raw_logs(request: web.Request) -> web.Response:
    """The last lines, each with its time."""
    lines = list(site(request).logs.lines)[-SHOWN_LINES:]
    return json_answer({"entries": [log_entry(line) for line in lines], "size": SIZE})


async def subscribe(request: web.Request) -> web.Response:
    """Send new lines to a websocket, or stop to."""
    wanted = await read_object(request)
    client: Any = wanted.get("clientId")
    if not isinstance(client, str):
        raise Refusal(400, "no_client", "No clientId was given.", "Send the one that your websocket is connected with.")
    request.app[LOG_FEED].subscribe(client, wanted.get("enabled") is not False)
    return empty_answer()


ROUTES = (
    Route(
        "GET",
        "/internal/logs",
        get_logs,
        "The last lines of the log as one text.",
        "System",
        schema={"type": "string"},
        prefixed=False,
    ),
    Route(
        "GET",
        "/internal/logs/raw",
        get_raw_logs,
        "The last lines of the log.",
        "System",
        answers={200: "`entries` with the time `t` and the line `m`, and the `size` of a terminal for them."},
        schema={"type": "object"},
        prefixed=False,
    ),
    Route(
        "PATCH",
        "/internal/logs/subscribe",
        subscribe,
        "Send new lines to a websocket as `logs` messages, or stop to.",
        "System",
        body={
            "type": "object",
            "required": ["clientId", "enabled"],
            "properties": {"clientId": {"type": "string"}, "enabled": {"type": "boolean"}},
        },
        answers={200: "So it is, if that websocket is connected.", 400: "No clientId was given."},
        prefixed=False,
    ),
)
