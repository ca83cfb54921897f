"""/users: who keeps settings and workflows on this server."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from web.answers import json_answer, read_object
from web.files.disk import disk_refusal
from web.files.state import files
from web.files.users import add_user, read_users
from web.refusal import Refusal
from web.route import Route
from web.site import site


async def get_users(request: web.Request) -> web.Response:
    """The users, or that there is one only."""
    server = site(request)
    if server.options.multi_user:
        return json_answer({"storage": "server", "users": await asyncio.to_thread(read_users, server)})
    return json_answer({"storage": "server", "migrated": await asyncio.to_thread(server.user.is_dir)})


async def post_user(request: web.Request) -> web.Response:
    """Make a user."""
    server, state = site(request), files(request)
    name: Any = (await read_object(request)).get("username")
    if not server.options.multi_user:
        what = "This server keeps one user's settings."
        raise Refusal(400, "single_user", what, "Start it with --multi-user to keep several.")
    if not isinstance(name, str):
        raise Refusal(400, "invalid_username", "No username was given.", 'Send {"username": "name"}.')

    def add() -> str:
        with state.writing:
            return add_user(server, name)

    try:
        return json_answer(await asyncio.to_thread(add))
    except OSError as error:
        raise disk_refusal(error) from error


ROUTES = (
    Route(
        "GET",
        "/users",
        get_users,
        "The users of this server.",
        "User",
        answers={200: "With --multi-user: id to name. Otherwise `migrated`: whether anything was saved yet."},
        schema={
            "type": "object",
            "required": ["storage"],
            "properties": {
                "storage": {"const": "server"},
                "migrated": {"type": "boolean"},
                "users": {"type": "object", "additionalProperties": {"type": "string"}},
            },
        },
    ),
    Route(
        "POST",
        "/users",
        post_user,
        "Make a user.",
        "User",
        body={"type": "object", "required": ["username"], "properties": {"username": {"type": "string"}}},
        answers={200: "The new user's id.", 400: "The name is taken or cannot be used, or there is one user only."},
        schema={"type": "string"},
    ),
)
