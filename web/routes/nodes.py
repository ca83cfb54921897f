"""The node types, and the subgraphs that node packs bring along."""

from __future__ import annotations

import asyncio
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from aiohttp import web

from execution.workers.messages import Pack
from web.answers import json_answer, json_bytes_answer
from web.node_catalogue import NODE_CATALOGUE
from web.refusal import Refusal
from web.route import Route
from web.site import Site, site
from web.workflows.prompt import catalogue

SUBGRAPHS = "subgraphs"
"""The folder of a node pack that holds subgraphs to use as nodes, one JSON file each."""

MOST_BYTES = 16 * 2**20


async def object_info(request: web.Request) -> web.Response:
    """All node types."""
    specs = await catalogue(site(request))
    return json_bytes_answer(request.app[NODE_CATALOGUE].whole(specs))


async def one_object_info(request: web.Request) -> web.Response:
    """One node type."""
    specs = await catalogue(site(request))
    return json_bytes_answer(request.app[NODE_CATALOGUE].one(specs, request.match_info["node_class"]))


async def global_subgraphs(request: web.Request) -> web.Response:
    """The subgraphs of all node packs, without their contents."""
    found = await asyncio.to_thread(_subgraphs, site(request))
    return json_answer({key: _entry(pack, path) for key, (pack, path) in found.items()})


async def global_subgraph(request: web.Request) -> web.Response:
    """One subgraph with its contents."""
    found = await asyncio.to_thread(_subgraphs, site(request))
    key = request.match_info["subgraph_id"]
    if key not in found:
        what = "There is no subgraph of this id."
        raise Refusal(404, "not_found", what, "GET /api/global_subgraphs lists those there are.")
    pack, path = found[key]
    return json_answer({**_entry(pack, path), "data": await asyncio.to_thread(_contents, path)})


def _subgraphs(here: Site) -> dict[str, tuple[Pack, Path]]:
    """Subgraph files by an id that stays the same: a digest of where the file stands."""
    found: dict[str, tuple[Pack, Path]] = {}
    for pack in here.dispatcher.packs:
        root = Path(pack.path).resolve()
        folder = root / SUBGRAPHS
        if not folder.is_dir():
            continue
        for path in sorted(folder.glob("*.json")):
            if path.is_file() and path.resolve().is_relative_to(root):
                key = sha256(f"{pack.name}/{path.name}".encode("utf-8", "surrogateescape")).hexdigest()
                found[key] = pack, path
    return found


def _entry(pack: Pack, path: Path) -> dict[str, Any]:
    return {"source": "custom_node", "name": path.stem, "info": {"node_pack": f"custom_nodes.{pack.name}"}}


def _contents(path: Path) -> str:
    """The file's text, once it is known to be JSON."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError
        text = path.read_text("utf-8-sig")
        json.loads(text)
    except (OSError, ValueError, RecursionError):
        what = f"The file of the subgraph {path.stem!r} cannot be read as JSON."
        raise Refusal(404, "not_found", what, "Install its node pack again.") from None
    return text


OBJECT = {"type": "object", "description": "Node type -> its inputs, outputs and names."}

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/object_info",
        object_info,
        "All node types: inputs, outputs, names. Lists of files are as they are now.",
        "Nodes",
        answers={200: "The node types by name.", 503: "No worker has told its node types yet."},
        schema=OBJECT,
    ),
    Route(
        "GET",
        "/object_info/{node_class}",
        one_object_info,
        "One node type; an empty object when there is none of that name.",
        "Nodes",
        answers={200: "The node type under its name.", 503: "No worker has told its node types yet."},
        schema=OBJECT,
    ),
    Route(
        "GET",
        "/global_subgraphs",
        global_subgraphs,
        "The subgraphs that node packs bring along, by id.",
        "Nodes",
        schema={"type": "object"},
    ),
    Route(
        "GET",
        "/global_subgraphs/{subgraph_id}",
        global_subgraph,
        "One of these subgraphs; `data` is its workflow as text.",
        "Nodes",
        answers={200: "The subgraph.", 404: "There is none of this id."},
        schema={"type": "object"},
    ),
)
