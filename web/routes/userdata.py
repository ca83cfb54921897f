"""/userdata: saved workflows and what else the editor keeps for its user."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from aiohttp import web

from web.answers import empty_answer, json_answer, read_body
from web.files.disk import disk_refusal
from web.files.history import History, revision_of
from web.files.media_types import SHOWN, file_headers
from web.files.places import folder_below, not_found
from web.files.state import files
from web.files.user_files import Expected, Saved, UserFiles
from web.files.user_listing import file_info, list_everything, list_files
from web.files.users import user_folder
from web.refusal import Refusal
from web.route import Route
from web.routes.userdata_documentation import document
from web.site import site

T = TypeVar("T")

HISTORY_FOLDER = ".history"
READ_AS = {".json": "application/json", ".css": "text/css", **SHOWN}
"""What a browser may read as what it is; the editor's style sheet is among it."""

USUAL_FOLDERS = ("workflows", "subgraphs")
"""There for every user, also before the first file is saved in them."""

USUAL_FILES: Mapping[str, bytes] = {"user.css": b"", "comfy.templates.json": b"[]"}
"""What the stock front end asks for whether or not it was ever saved, and what says that it was not."""


def _store(request: web.Request) -> UserFiles:
    folder = user_folder(request)
    history = History(site(request).workspace.user / HISTORY_FOLDER / folder.name)
    return UserFiles(folder, history, files(request).writing)


async def _on_disk(call: Callable[[], T]) -> T:
    """Run in a thread what reads and writes files."""
    try:
        return await asyncio.to_thread(call)
    except FileNotFoundError:
        raise not_found("The file went away meanwhile.") from None
    except OSError as error:
        raise disk_refusal(error) from error


def _flag(request: web.Request, name: str, default: bool) -> bool:
    value = request.query.get(name)
    return default if value is None else value.lower() in ("true", "1")


def _expected(request: web.Request) -> Expected | None:
    """The content that the writer began from, when he says so."""
    header = request.headers.get("If-Match")
    if header is not None:
        tags = (tag.strip().removeprefix("W/").strip('"') for tag in header.split(","))
        return Expected(frozenset(tags), 412)
    revision = request.query.get("revision")
    return None if revision is None else Expected(frozenset({revision}), 409)


async def list_directory(request: web.Request) -> web.Response:
    """The files of one folder."""
    name = request.query.get("dir", "")
    if not name:
        raise Refusal(400, "no_directory", "No directory was given.", "Add ?dir=workflows.")
    root = user_folder(request)
    recurse, split = _flag(request, "recurse", False), _flag(request, "split", False)
    full_info = _flag(request, "full_info", False)

    def listed() -> list[Any]:
        folder = _existing(root, name)
        found = list_files(folder, recurse)
        if full_info:
            return [file_info(folder / file, file) for file in found if (folder / file).is_file()]
        return [[file, *PurePosixPath(file).parts] for file in found] if split else list(found)

    return json_answer(await _on_disk(listed))


async def list_tree(request: web.Request) -> web.Response:
    """Everything below a folder."""
    name, root = request.query.get("path", ""), user_folder(request)

    def listed() -> list[dict[str, Any]]:
        if not name and not root.is_dir():
            return []
        return list_everything(_existing(root, name), root.resolve())

    return json_answer(await _on_disk(listed))


def _existing(root: Path, name: str) -> Path:
    folder = folder_below(root, name, 403)
    if not folder.is_dir() and name not in USUAL_FOLDERS:
        raise not_found("There is no such directory.", "POST /userdata/{file} makes it with the first file in it.")
    return folder


async def get_file(request: web.Request) -> web.Response:
    """A file's content and its revision."""
    store, name = _store(request), request.match_info["file"]
    usual = USUAL_FILES.get(name) if site(request).options.front_end == "comfyui" else None

    def read() -> bytes:
        return usual if usual is not None and not store.path(name).is_file() else store.read(name)

    return _content(request, name, await _on_disk(read))


def _content(request: web.Request, name: str, data: bytes) -> web.Response:
    shown = PurePosixPath(name)
    revision = revision_of(data)
    if request.if_none_match and any(tag.value in (revision, "*") for tag in request.if_none_match):
        response = web.Response(status=304)
    else:
        response = web.Response(body=data, headers=file_headers(shown.name, READ_AS.get(shown.suffix.lower())))
    response.headers["Cache-Control"] = "no-cache"
    response.etag = revision
    return response


async def post_file(request: web.Request) -> web.Response:
    """Save a file."""
    store, name, expected = _store(request), request.match_info["file"], _expected(request)
    overwrite = _flag(request, "overwrite", True) and request.headers.get("If-None-Match") != "*"
    store.path(name)
    data = await read_body(request, site(request).options.max_upload_bytes)
    return await _saved(request, lambda: store.write(name, data, overwrite, expected))


async def _saved(request: web.Request, save: Callable[[], Saved]) -> web.Response:
    full_info = _flag(request, "full_info", False)

    def answer() -> tuple[Any, str]:
        saved = save()
        info: Any = {**file_info(saved.path, saved.name), "revision": saved.revision} if full_info else saved.name
        return info, saved.revision

    value, revision = await _on_disk(answer)
    response = json_answer(value)
    response.etag = revision
    return response


async def delete_file(request: web.Request) -> web.Response:
    """Delete a file."""
    store, name, expected = _store(request), request.match_info["file"], _expected(request)
    await _on_disk(lambda: store.delete(name, expected))
    return empty_answer(204)


async def move_file(request: web.Request) -> web.Response:
    """Give a file another name."""
    store, name, expected = _store(request), request.match_info["file"], _expected(request)
    other, overwrite = request.match_info["dest"], _flag(request, "overwrite", True)
    return await _saved(request, lambda: store.move(name, other, overwrite, expected))


async def list_versions(request: web.Request) -> web.Response:
    """The former versions of a file."""
    store, name = _store(request), request.match_info["file"]
    versions = await _on_disk(lambda: store.versions(name))
    return json_answer([{"revision": v.revision, "replaced": v.replaced, "size": v.size} for v in versions])


async def get_version(request: web.Request) -> web.Response:
    """The content of a former version."""
    store, name, revision = _store(request), request.match_info["file"], request.match_info["revision"]
    return _content(request, name, await _on_disk(lambda: store.version(name, revision)))


async def restore_version(request: web.Request) -> web.Response:
    """Make a former version the present one."""
    store, name, expected = _store(request), request.match_info["file"], _expected(request)
    revision = request.match_info["revision"]
    return await _saved(request, lambda: store.write(name, store.version(name, revision), True, expected))


HANDLERS = (
    ("GET", "/userdata", list_directory),
    ("GET", "/v2/userdata", list_tree),
    ("GET", "/userdata/{file}", get_file),
    ("POST", "/userdata/{file}", post_file),
    ("DELETE", "/userdata/{file}", delete_file),
    ("POST", "/userdata/{file}/move/{dest}", move_file),
    ("GET", "/userdata/{file}/history", list_versions),
    ("GET", "/userdata/{file}/history/{revision}", get_version),
    ("POST", "/userdata/{file}/history/{revision}/restore", restore_version),
)

ROUTES: tuple[Route, ...] = tuple(document(method, path, handler) for method, path, handler in HANDLERS)
