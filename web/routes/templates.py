"""Workflows to begin with: Weft's own, and the examples of node packs."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiohttp import web

from web.answers import json_answer
from web.files.pack_files import PICTURES, example_workflows
from web.files.places import file_below, not_found
from web.files.plain_file import PlainFile
from web.files.site_types import site_type
from web.refusal import Refusal
from web.route import Route
from web.site import site

OWN = Path(__file__).resolve().parent.parent.parent / "templates"


async def list_own(request: web.Request) -> web.Response:
    """The names of the workflows that come with Weft."""
    return json_answer(await asyncio.to_thread(lambda: sorted(path.stem for path in OWN.glob("*.json"))))


async def get_own(request: web.Request) -> web.StreamResponse:
    """One of them."""
    return await _file(OWN, f"{request.match_info['name']}.json")


async def list_examples(request: web.Request) -> web.Response:
    """The names of the packs' examples."""
    return json_answer(await asyncio.to_thread(example_workflows, site(request).dispatcher.packs))


async def get_example(request: web.Request) -> web.StreamResponse:
    """A pack's example, or its picture."""
    name, wanted = request.match_info["path"], request.match_info["pack"]
    for pack in site(request).dispatcher.packs:
        if pack.name == wanted and pack.templates and name.endswith((".json", *PICTURES)):
            return await _file(Path(pack.templates), name)
    raise _none()


async def _file(folder: Path, name: str) -> web.StreamResponse:
    path = file_below(folder, name, 404)
    if not await asyncio.to_thread(path.is_file):
        raise _none()
    return PlainFile(path, headers={"Content-Type": site_type(path.name), "Cache-Control": "no-cache"})


def _none() -> Refusal:
    return not_found("There is no such workflow.", "GET /api/templates and GET /workflow_templates list them.")


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
        "/api/templates/{name}.json",
        get_own,
        "A workflow that comes with Weft, to open in the editor.",
        "Files",
        query={"name": "As `/api/templates` lists it."},
        answers={200: "The workflow.", 404: "There is none of that name."},
        schema={"type": "object"},
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
