"""What lies in the model folders, and what it says of itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiohttp import web

from folders.safe_paths import UnsafeNameError, checked_parts
from folders.workspace import MODEL_SUFFIXES, Workspace
from web.answers import empty_answer, json_answer
from web.files.model_metadata import preview_picture, read_metadata
from web.files.model_places import NOT_BROWSED, described_models, folders_of
from web.files.places import not_found
from web.files.state import files
from web.node_catalogue import NODE_CATALOGUE
from web.route import Route
from web.site import site

PACKS_AFTER = "upscale_models"  # the kind after which the existing API lists "custom_nodes"


async def list_kinds(request: web.Request) -> web.Response:
    """The kinds of model folders."""
    kinds = site(request).workspace.model_kinds
    place = kinds.index(PACKS_AFTER) + 1
    return json_answer([*kinds[:place], "custom_nodes", *kinds[place:]])


async def list_models(request: web.Request) -> web.Response:
    """The files of one kind."""
    kind = request.match_info["folder"]
    if kind == "custom_nodes":
        return json_answer([])
    return json_answer(_names(request, kind)) if _is_kind(request, kind) else empty_answer(404)


def _is_kind(request: web.Request, kind: str) -> bool:
    return kind in site(request).workspace.model_kinds


def _names(request: web.Request, kind: str) -> list[str]:
    return request.app[NODE_CATALOGUE].listing.list_files(kind)


async def list_embeddings(request: web.Request) -> web.Response:
    """The embeddings' names, as prompts take them."""
    names = (name.rsplit(".", 1)[0] for name in _names(request, "embeddings"))
    return json_answer(list(dict.fromkeys(names)))


async def list_folders(request: web.Request) -> web.Response:
    """The kinds of model folders with their places."""
    workspace = site(request).workspace
    kinds = [kind for kind in workspace.model_kinds if kind not in NOT_BROWSED]
    return json_answer(
        [{"name": kind, "folders": [str(path) for path in folders_of(workspace, kind)]} for kind in kinds]
    )


async def describe_models(request: web.Request) -> web.Response:
    """The files of one kind with their sizes and times."""
    kind = request.match_info["folder"]
    if not _is_kind(request, kind):
        return empty_answer(404)
    names = _names(request, kind)
    return json_answer(await asyncio.to_thread(described_models, site(request).workspace, kind, names))


async def get_preview(request: web.Request) -> web.Response:
    """A picture of what a model makes."""
    info, workspace = request.match_info, site(request).workspace

    def preview() -> bytes | None:
        model = _at(workspace, info["folder"], info["path_index"], info["filename"])
        return None if model is None else preview_picture(model)

    async with files(request).decoding:
        picture = await asyncio.to_thread(preview)
    if picture is None:
        raise not_found("There is no picture of that model.", "Put one beside it, with the model's name.")
    return web.Response(body=picture, content_type="image/webp")


def _at(workspace: Workspace, kind: str, index: str, name: str) -> Path | None:
    """A model file in one of the folders of its kind; links in it are the user's own and are followed."""
    if kind not in workspace.model_kinds or not (index.isascii() and index.isdigit() and len(index) < 4):
        return None
    places = folders_of(workspace, kind)
    try:
        parts = checked_parts(name)
        path = places[int(index)].joinpath(*parts)
        hidden = any(part.startswith(".") for part in parts)
        return path if not hidden and path.suffix.lower() in MODEL_SUFFIXES and path.is_file() else None
    except (UnsafeNameError, IndexError, OSError, UnicodeEncodeError):
        return None


async def view_metadata(request: web.Request) -> web.Response:
    """A model file's own metadata."""
    kind, name, workspace = request.match_info["folder"], request.query.get("filename", ""), site(request).workspace

    def read() -> dict[str, object] | None:
        if kind not in workspace.model_kinds or not name.endswith(".safetensors"):
            return None
        try:
            return read_metadata(workspace.model(kind, name))
        except (UnsafeNameError, OSError, UnicodeEncodeError):
            return None

    metadata = await asyncio.to_thread(read)
    return empty_answer(404) if metadata is None else json_answer(metadata)


NAMES = {"type": "array", "items": {"type": "string"}}
KIND = {"folder": "A kind of model folder, as `/models` lists them."}
UNKNOWN = {404: "There is no such kind."}

ROUTES = (
    Route("GET", "/models", list_kinds, "The kinds of model folders.", "Models", schema=NAMES),
    Route(
        "GET",
        "/models/{folder}",
        list_models,
        "The model files of one kind, as nodes take them.",
        "Models",
        query=KIND,
        answers={200: "Names with forward slashes, sorted.", **UNKNOWN},
        schema=NAMES,
    ),
    Route(
        "GET",
        "/embeddings",
        list_embeddings,
        "The embeddings, as prompts name them.",
        "Models",
        answers={200: "Names without their file's extension."},
        schema=NAMES,
    ),
    Route(
        "GET",
        "/experiment/models",
        list_folders,
        "The kinds of model folders with the places that they are read from.",
        "Models",
        answers={200: "For each its `name` and `folders`."},
        schema={"type": "array", "items": {"type": "object"}},
    ),
    Route(
        "GET",
        "/experiment/models/{folder}",
        describe_models,
        "The model files of one kind, with folder, size and times.",
        "Models",
        query=KIND,
        answers={200: "`pathIndex` counts the folders of `/experiment/models`.", **UNKNOWN},
        schema={"type": "array", "items": {"type": "object"}},
    ),
    Route(
        "GET",
        "/experiment/models/preview/{folder}/{path_index}/{filename:.+}",
        get_preview,
        "A picture of what a model makes: one that lies beside it, or that its metadata holds.",
        "Models",
        query={**KIND, "path_index": "The number of its folder.", "filename": "The model's name."},
        answers={200: "A WEBP.", 404: "There is no such model, or no picture of it."},
        media_type="image/webp",
    ),
    Route(
        "GET",
        "/view_metadata/{folder}",
        view_metadata,
        "The metadata that a safetensors file holds.",
        "Models",
        query={**KIND, "filename": "The file's name, as `/models/{folder}` lists it."},
        answers={200: "The metadata.", 404: "There is no such file, or no metadata in it."},
        schema={"type": "object"},
    ),
)
