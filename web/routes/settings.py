"""/settings: what the editor remembers of its user."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from web.answers import empty_answer, json_answer, read_json, read_object
from web.files.disk import disk_refusal
from web.files.settings_file import change_settings, read_settings
from web.files.state import files
from web.files.users import user_folder
from web.refusal import Refusal
from web.route import Route
from web.site import site

MAX_BYTES = 4 * 2**20
MAX_ID = 500  # characters


async def get_settings(request: web.Request) -> web.Response:
    """All settings."""
    return json_answer(await asyncio.to_thread(read_settings, user_folder(request)))


async def get_setting(request: web.Request) -> web.Response:
    """One setting's value."""
    settings = await asyncio.to_thread(read_settings, user_folder(request))
    return json_answer(settings.get(request.match_info["id"]))


async def post_settings(request: web.Request) -> web.Response:
    """Merge settings."""
    return await _change(request, await read_object(request, MAX_BYTES))


async def post_setting(request: web.Request) -> web.Response:
    """Set one setting."""
    id = request.match_info["id"]
    if len(id) > MAX_ID:
        what = f"A setting's name has {MAX_ID} characters at most."
        raise Refusal(400, "invalid_setting", what, "Choose a shorter name.")
    return await _change(request, {id: await read_json(request, MAX_BYTES)})


async def _change(request: web.Request, changes: Mapping[str, Any]) -> web.Response:
    user, state, logs = user_folder(request), files(request), site(request).logs

    def change() -> None:
        with state.writing:
            change_settings(user, changes, logs)

    try:
        await asyncio.to_thread(change)
    except OSError as error:
        raise disk_refusal(error) from error
    return empty_answer()


OBJECT = {"type": "object", "description": "Setting id to value."}
UNKNOWN_USER = {401: "With --multi-user: there is no such user."}
REFUSED = {400: "The body is not JSON.", **UNKNOWN_USER, 507: "The disk is full."}

ROUTES = (
    Route(
        "GET",
        "/settings",
        get_settings,
        "All settings of the user.",
        "User",
        answers={200: "The settings.", **UNKNOWN_USER},
        schema=OBJECT,
    ),
    Route(
        "POST",
        "/settings",
        post_settings,
        "Change some settings; the others stay.",
        "User",
        body=OBJECT,
        answers={200: "They are kept.", **REFUSED},
    ),
    Route(
        "GET",
        "/settings/{id}",
        get_setting,
        "The value of one setting.",
        "User",
        query={"id": "The setting's name, such as `Comfy.ColorPalette`."},
        answers={200: "The value; null when it was never set.", **UNKNOWN_USER},
        schema={},
    ),
    Route(
        "POST",
        "/settings/{id}",
        post_setting,
        "Change one setting.",
        "User",
        query={"id": "The setting's name, such as `Comfy.ColorPalette`."},
        body={"description": "Any JSON value."},
        answers={200: "It is kept.", **REFUSED},
    ),
)
