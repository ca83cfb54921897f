"""/extensions: what node packs bring for the browser."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiohttp import web

from web.answers import json_answer
from web.files.pack_files import script_urls, scripts_below
from web.files.places import file_below, not_found
from web.files.plain_file import PlainFile
from web.files.site_types import site_type
from web.front_end import FRONT_END
from web.route import Route
from web.site import site

CORE = "core"  # the name of the front end's own extensions


async def list_extensions(request: web.Request) -> web.Response:
    """The URL of each browser module."""
    packs, own = site(request).dispatcher.packs, request.app[FRONT_END].extensions

    def listed() -> list[str]:
        return (scripts_below(own, CORE) if own else []) + script_urls(packs)

    return json_answer(await asyncio.to_thread(listed))


async def get_extension_file(request: web.Request) -> web.StreamResponse:
    """A file of a pack's web folder."""
    name, below = request.match_info["pack"], request.match_info["path"]
    folder = _folder(request, name)
    path = None if folder is None else file_below(folder, below, 404)
    if path is None or not await asyncio.to_thread(path.is_file):
        raise not_found("No node pack brings such a file.", "GET /extensions lists those that there are.")
    return PlainFile(path, headers={"Content-Type": site_type(path.name)})


def _folder(request: web.Request, name: str) -> Path | None:
    for pack in site(request).dispatcher.packs:
        if pack.name == name and pack.web:
            return Path(pack.web)
    return request.app[FRONT_END].extensions if name == CORE else None


ROUTES = (
    Route(
        "GET",
        "/extensions",
        list_extensions,
        "The browser modules that node packs bring.",
        "Nodes",
        answers={200: "URL paths, each of an ES module."},
        schema={"type": "array", "items": {"type": "string"}},
    ),
    Route(
        "GET",
        "/extensions/{pack}/{path:.+}",
        get_extension_file,
        "A file of a node pack's web folder.",
        "Nodes",
        query={"pack": "The pack's folder name.", "path": "The file's path within its web folder."},
        answers={200: "The file.", 404: "There is no such file."},
        media_type="application/octet-stream",
    ),
)
