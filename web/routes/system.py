"""GET /system_stats and the places of the user's folders."""

from __future__ import annotations

import asyncio
import os
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from aiohttp import web

from folders.workspace import OWN_FOLDERS
from web.answers import json_answer
from web.files.memory import main_memory
from web.files.state import files
from web.refusal import Refusal
from web.route import Route
from web.site import WebOptions, site
from web.version import VERSION

SPOKEN = "0.3.64"
"""The version of ComfyUI whose API this is; clients that tell versions apart read it."""

NO_PAID_NODES = "--disable-api-nodes"


async def system_stats(request: web.Request) -> web.Response:
    """The machine, the versions, the devices."""
    server = site(request)
    memory, front_end, templates = await asyncio.to_thread(_machine)
    system: dict[str, Any] = {
        "os": os.name,
        "ram_total": memory.total,
        "ram_free": memory.free,
        "comfyui_version": SPOKEN,
        "weft_version": VERSION,
        "required_frontend_version": front_end,
        "installed_templates_version": templates,
        "required_templates_version": templates,
        "python_version": sys.version,
        "pytorch_version": server.dispatcher.versions.get("torch"),
        "embedded_python": False,
        "argv": _arguments(server.options),
    }
    return json_answer({"system": system, "devices": [dict(one) for one in await server.dispatcher.stats()]})


def _arguments(options: WebOptions) -> list[str]:
    """The command line, as the stock front end reads it: without its maker's paid nodes, it asks its maker nothing.

    The token is not told: pages whose cookie no script can read would learn it here.
    """
    stock = options.front_end == "comfyui" and NO_PAID_NODES not in options.argv
    told = options.argv if options.token is None else [one.replace(options.token, "***") for one in options.argv]
    return [*told, *([NO_PAID_NODES] if stock else [])]


def _machine() -> tuple[Any, str | None, str | None]:
    return main_memory(), _installed("comfyui-frontend-package"), _installed("comfyui-workflow-templates")


def _installed(package: str) -> str | None:
    """The version of an optional package, for the stock front end, which compares it with its own."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


async def folder_paths(request: web.Request) -> web.Response:
    """Where the folders lie."""
    workspace = site(request).workspace
    places = {kind: [str(path) for path in workspace.model_folders(kind)] for kind in workspace.model_kinds}
    places["custom_nodes"] = [str(path) for path in workspace.node_packs]
    own = {kind: [str(workspace.folder(kind))] for kind in OWN_FOLDERS}
    return json_answer({**places, **own})


async def list_newest(request: web.Request) -> web.Response:
    """The files at the top of an own folder."""
    workspace, listing = site(request).workspace, files(request).listing
    for kind in OWN_FOLDERS:
        if kind == request.match_info["directory_type"]:
            entries = await asyncio.to_thread(listing.files, workspace.folder(kind), "newest")
            return json_answer([entry.path for entry in entries if "/" not in entry.path])
    raise UnknownDirectory()


class UnknownDirectory(Refusal):
    """Told in the shape that this one route of the existing API has."""

    def __init__(self) -> None:
        super().__init__(400, "unknown_type", "Invalid directory type", "Use output, input or temp.")

    def to_json(self) -> dict[str, Any]:
        return {"error": self.message}


ROUTES = (
    Route(
        "GET",
        "/system_stats",
        system_stats,
        "The machine: memory, versions, and the devices that compute.",
        "System",
        answers={200: "Sizes are bytes. `devices` has one entry for each worker that has told its device."},
        schema={
            "type": "object",
            "required": ["system", "devices"],
            "properties": {"system": {"type": "object"}, "devices": {"type": "array", "items": {"type": "object"}}},
        },
    ),
    Route(
        "GET",
        "/internal/folder_paths",
        folder_paths,
        "Where each kind of file is looked for.",
        "System",
        answers={200: "Kind to a list of folders."},
        schema={"type": "object"},
        prefixed=False,
    ),
    Route(
        "GET",
        "/internal/files/{directory_type}",
        list_newest,
        "The names of the files at the top of a folder, the newest first.",
        "Files",
        query={"directory_type": "`output`, `input` or `temp`."},
        answers={200: "The names.", 400: "There is no such type."},
        schema={"type": "array", "items": {"type": "string"}},
        prefixed=False,
    ),
)
