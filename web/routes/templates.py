"""Workflows to begin with: Weft's own, and the examples of node packs."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from aiohttp import web

from web.answers import json_answer
from web.files.pack_files import PICTURES, example_workflows
from web.files.places import file_below, not_found
from web.files.plain_file import PlainFile
from web.files.site_types import site_type
from web.refusal import Refusal
from web.route import Route
from web.site import site
from web.workflows.templates import DEFAULT, DEFAULT_IS, FOLDER, fitted, template_index, template_names


async def list_own(request: web.Request) -> web.Response:
    """The names of the workflows that come with Weft."""
    return json_answer(await asyncio.to_thread(template_names))


async def index(request: web.Request) -> web.Response:
    """What a gallery shows of them."""
    return json_answer(await asyncio.to_thread(template_index))


async def get_own(request: web.Request) -> web.StreamResponse:
    """One of them, as it is or so that it runs here at once."""
    path = await _own(_name(request), ".json")
    if request.query.get("fit", "").lower() not in ("true", "1"):
        return _plain(path)
    workspace = site(request).workspace

    def read() -> dict[str, Any]:
        return fitted(json.loads(path.read_text(encoding="utf-8")), workspace)

    return json_answer(await asyncio.to_thread(read))


async def get_picture(request: web.Request) -> web.StreamResponse:
    """What one of them makes."""
    return _plain(await _own(_name(request), ".webp"))


def _name(request: web.Request) -> str:
    name = request.match_info["name"]
    return DEFAULT_IS if name == DEFAULT else name


async def _own(name: str, suffix: str) -> Path:
    if name not in await asyncio.to_thread(template_names):
        raise _none()
    return await _there(FOLDER / f"{name}{suffix}")


async def list_examples(request: web.Request) -> web.Response:
    """The names of the packs' examples."""
    return json_answer(await asyncio.to_thread(example_workflows, site(request).dispatcher.packs))


async def get_example(request: web.Request) -> web.StreamResponse:
    """A pack's example, or its picture."""
    name, wanted = request.match_info["path"], request.match_info["pack"]
    for pack in site(request).dispatcher.packs:
        if pack.name == wanted and pack.templates and name.endswith((".json", *PICTURES)):
            return _plain(await _there(file_below(Path(pack.templates), name, 404)))
    raise _none()


async def _there(path: Path) -> Path:
    if not await asyncio.to_thread(path.is_file):
        raise _none()
    return path


def _plain(path: Path) -> PlainFile:
    return PlainFile(path, headers={"Content-Type": site_type(path.name), "Cache-Control": "no-cache"})


def _none() -> Refusal:
    return not_found("There is no such workflow.", "GET /api/templates and GET /workflow_templates list them.")


ENTRY = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "title": {"type": "string"},
        "description": {"type": "string"},
        "category": {"enum": ["Start", "Image", "Control", "Compose", "Sweep"]},
        "picture": {"type": "string", "description": "Its address."},
        "tags": {"type": "array", "items": {"type": "string"}},
        "seconds": {"type": "number", "description": "What it took with the bundled checkpoints, on one CPU core."},
        "needs": {"type": "array", "items": {"type": "string"}, "description": "What one should have, as sentences."},
    },
}

ROUTES = (
    Route(
        "GET",
        "/api/templates",
        list_own,
        "The names of the workflows that come with Weft.",
        "Files",
        schema={"type": "array", "items": {"type": "string"}},
        prefixed=False,
    ),
    Route(
        "GET",
        "/api/templates/index",
        index,
        "What a gallery shows of the workflows that come with Weft, in order.",
        "Files",
        schema={"type": "array", "items": ENTRY},
        prefixed=False,
    ),
    Route(
        "GET",
        "/api/templates/{name}.json",
        get_own,
        "A workflow that comes with Weft, to open in the editor.",
        "Files",
        query={
            "name": f"As `/api/templates` lists it; `{DEFAULT}` is the one to begin with.",
            "fit": "`true`: with models and sizes that fit this machine, and its pictures put into the input folder.",
        },
        answers={200: "The workflow.", 404: "There is none of that name."},
        schema={"type": "object"},
        prefixed=False,
    ),
    Route(
        "GET",
        "/api/templates/{name}.webp",
        get_picture,
        "A picture of what a workflow makes that comes with Weft.",
        "Files",
        query={"name": "As `/api/templates` lists it."},
        answers={200: "The picture.", 404: "There is none of that name."},
        media_type="image/webp",
        prefixed=False,
    ),
    Route(
        "GET",
        "/workflow_templates",
        list_examples,
        "The example workflows that node packs bring.",
        "Nodes",
        answers={200: "Pack to names."},
        schema={"type": "object"},
    ),
    Route(
        "GET",
        "/workflow_templates/{pack}/{path:.+}",
        get_example,
        "An example workflow of a node pack, or its picture.",
        "Nodes",
        query={"pack": "The pack's folder name.", "path": "The name with `.json`, or with `.jpg` for its picture."},
        answers={200: "The file.", 404: "There is none of that name."},
        schema={"type": "object", "description": "A workflow; of a picture its bytes."},
    ),
)
