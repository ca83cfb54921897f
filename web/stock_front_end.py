"""The stock front end of the API that Weft speaks, as its own package brings it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from aiohttp import web

from web.files.places import file_below
from web.files.plain_file import PlainFile
from web.files.site_types import site_type
from web.front_end_files import NO_CACHE
from web.refusal import Refusal

STOCK_PACKAGE = "comfyui_frontend_package"
STOCK_VERSION = "1.58.1"
FURTHER: Mapping[str, tuple[str, str]] = {
    "templates": ("comfyui_workflow_templates", "templates"),
    "docs": ("comfyui_embedded_docs", "docs"),
}
"""URL folder -> optional package and the folder within it, for example workflows and help texts."""

EMPTY: Mapping[str, tuple[str, bytes]] = {
    "user.css": ("text/css; charset=utf-8", b""),
    "templates/index.json": ("application/json", b"[]"),
    "templates/index_logo.json": ("application/json", b"{}"),
}
"""What the stock front end asks for whether or not it is there, and what says that it is not."""

MISSING = "The front end that --front-end comfyui serves is not installed."
MISSING_REMEDY = f"Run: pip install comfyui-frontend-package=={STOCK_VERSION} (then start the server again)."


class StockFrontEnd:
    """Its files, where it is installed."""

    def __init__(self) -> None:
        static = _package_folder(STOCK_PACKAGE, "static")
        further = {url: _package_folder(package, folder) for url, (package, folder) in FURTHER.items()}
        self._root = static if static and (static / "index.html").is_file() else None
        self._folders = {url: folder for url, folder in further.items() if folder is not None}

    @property
    def extensions(self) -> Path | None:
        """The folder of its own extensions."""
        return self._root / "extensions" / "core" if self._root else None

    @property
    def problem(self) -> str | None:
        """What is to be told at the start."""
        return None if self._root else f"{MISSING} {MISSING_REMEDY}"

    def start(self) -> None:
        """Nothing is to be made."""

    async def stop(self) -> None:
        """Nothing goes on."""

    async def index(self) -> web.StreamResponse:
        """The page at `/`.

        Raises:
            Refusal: 503, it is not installed.
        """
        if self._root is None:
            raise Refusal(503, "front_end_missing", MISSING, MISSING_REMEDY)
        return PlainFile(self._root / "index.html", headers={"Content-Type": "text/html; charset=utf-8", **NO_CACHE})

    async def file(self, name: str) -> web.StreamResponse | None:
        """A file of the front end; None: it has none of that name."""
        if self._root is None:
            return None
        try:
            path = await asyncio.to_thread(self._find, name)
        except Refusal:
            return None
        if path is not None:
            return PlainFile(path, headers={"Content-Type": site_type(path.name), **_caching(name)})
        if name in EMPTY:
            type, body = EMPTY[name]
            return web.Response(body=body, headers={"Content-Type": type, "Cache-Control": "no-cache"})
        return None

    def _find(self, name: str) -> Path | None:
        folder, _, below = name.partition("/")
        root, below = (self._folders[folder], below) if folder in self._folders else (self._root, name)
        if root is None or not below:
            return None
        path = file_below(root, below)
        return path if path.is_file() else None


def _caching(name: str) -> dict[str, str]:
    return NO_CACHE if name.endswith("index.html") else {}


def _package_folder(package: str, folder: str) -> Path | None:
    """A folder of an installed package, which is not imported for it."""
    spec = find_spec(package)
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (Path(place) / folder).is_dir():
            return Path(place) / folder
    return None
