"""GET /view: pictures and other files of the user's folders."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from pathlib import Path

from aiohttp import web

from folders.workspace import Workspace, split_annotation
from web.files.media_types import file_headers, medium
from web.files.pictures import Rendering, read_rendering, render
from web.files.places import file_in, not_found, own_folder_kind
from web.files.plain_file import PlainFile
from web.files.state import files
from web.files.thumbnails import Rendered
from web.route import Route
from web.site import site


async def view(request: web.Request) -> web.StreamResponse:
    """A file, or the picture in it converted."""
    query = request.query
    if "filename" not in query:
        raise not_found("No filename was given.", "Add ?filename=.")
    rendering = read_rendering(query.get("preview"), query.get("channel", ""), query.get("size"))
    name, subfolder, type = query["filename"], query.get("subfolder", ""), query.get("type", "output")
    path = await asyncio.to_thread(_find, site(request).workspace, name, subfolder, type)
    if rendering is None or medium(path.name) != "image":
        return PlainFile(path, headers=file_headers(path.name))
    return await _converted(request, path, rendering)


def _find(workspace: Workspace, name: str, subfolder: str, type: str) -> Path:
    """The file that a request names.

    Raises:
        Refusal: 400 or 403 for a name that may not be used, 404 when nothing is there.
    """
    kind = own_folder_kind(type)
    bare, kind = split_annotation(name, kind)
    path = file_in(workspace.folder(kind), subfolder, bare)
    if not path.is_file():
        raise not_found("There is no such file.", "GET /api/outputs lists what is there.")
    return path


async def _converted(request: web.Request, path: Path, rendering: Rendering) -> web.StreamResponse:
    state = await asyncio.to_thread(path.stat)
    key = (path, state.st_mtime_ns, state.st_size, rendering)
    tag = sha256(repr(key).encode()).hexdigest()[:32]
    headers = file_headers(path.name, "image/png")
    if request.if_none_match and any(given.value in (tag, "*") for given in request.if_none_match):
        response = web.Response(status=304, headers=headers)
    else:
        picture = await _rendered(request, key, path, rendering)
        headers["Content-Type"] = picture.media_type
        response = web.Response(body=picture.data, headers=headers)
    response.etag = tag
    response.last_modified = state.st_mtime
    return response


async def _rendered(
    request: web.Request, key: tuple[Path, int, int, Rendering], path: Path, rendering: Rendering
) -> Rendered:
    state = files(request)
    kept = state.thumbnails.get(key)
    if kept is not None:
        return kept
    async with state.decoding:  # another request may have made it while this one waited
        picture = state.thumbnails.get(key)
        if picture is None:
            try:
                picture = await asyncio.to_thread(render, path, rendering)
            except FileNotFoundError:
                raise not_found("There is no such file.") from None
            state.thumbnails.keep(key, picture)
    return picture


QUERY = {
    "filename": "The file's name. A ` [input]`, ` [output]` or ` [temp]` at its end overrides `type`.",
    "type": "`output` (default), `input` or `temp`.",
    "subfolder": "The folder within it.",
    "preview": "`webp` or `jpeg`, and a quality: `webp;90`. The picture is sent in that format.",
    "channel": "`rgb`: without transparency; `a`: transparency alone, black; `rgba` (default): as it is.",
    "size": "Weft's own: the longest side of the preview in pixels, 1 to 4096; pictures are never made larger.",
}
ANSWERS = {
    200: "The file, or the converted picture. What is no picture, film or sound is an attachment.",
    206: "The range that was asked for.",
    304: "It is as the client has it.",
    400: "The name or the type cannot be used.",
    403: "The subfolder is outside.",
    404: "There is no such file.",
    413: "The picture has too many pixels to be converted.",
    422: "The picture is damaged and cannot be converted.",
}
ABOUT = "Ranges and conditional requests work. Converted pictures are kept in memory."

ROUTES = tuple(
    Route(
        method,
        "/view",
        view,
        "Show a picture, or send any other file of the output, input or temp folder.",
        "Files",
        query=QUERY,
        answers=ANSWERS,
        media_type="application/octet-stream",
        description=ABOUT,
    )
    for method in ("GET", "HEAD")
)
