"""Weft's own editor at `/`, or a plain page that says how far its build is or why there is none."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from string import Template

from aiohttp import web

from web.editor_building import Building, Built, EditorBuilding, Failed, State
from web.files.places import file_below
from web.files.plain_file import PlainFile
from web.files.site_types import site_type
from web.front_end_files import NO_CACHE
from web.refusal import Refusal

PAGES = Path(__file__).resolve().parent / "pages" / "editor"
"""Of the plain pages; the files beside them are served below /editor/page/."""

FOLDER = "editor"
STAMP = re.compile(r"[0-9a-f]{16}")
YEAR_SECONDS = 31_536_000
TEXT_HTML = "text/html; charset=utf-8"


class EditorFrontEnd:
    """The editor's page and files.

    What lies below /editor/STAMP/ never changes and may be kept by browsers; below /editor/ are the same files as the
    build of now has them.
    """

    extensions: Path | None = None
    problem: str | None = None

    def __init__(self, building: EditorBuilding, private: bool) -> None:
        """With `private`, caches that several people share keep nothing."""
        self._building = building
        self._keep = f"{'private' if private else 'public'}, max-age={YEAR_SECONDS}, immutable"

    def start(self) -> None:
        """Look for the build, and have it made where there is none."""
        self._building.begin()

    async def stop(self) -> None:
        """End a build that goes on."""
        await self._building.stop()

    async def build_again(self) -> bool:
        """Try once more after a failure; whether there had been one."""
        if not isinstance(await self._building.look(), Failed):
            return False
        self._building.begin()
        return True

    async def index(self) -> web.StreamResponse:
        """The page at `/`; its status is always 200, as programs ask for `/` to see whether a server is up."""
        state = await self._building.look()
        if isinstance(state, Built):
            return PlainFile(state.folder / "index.html", headers={"Content-Type": TEXT_HTML, **NO_CACHE})
        text = await asyncio.to_thread(_page, state)
        return web.Response(text=text, content_type="text/html", headers={"Cache-Control": "no-store"})

    async def file(self, name: str) -> web.StreamResponse | None:
        """A file of the editor; None: it has none of that name."""
        top, _, below = name.partition("/")
        if top != FOLDER or not below:
            return None
        try:
            return await self._file(below)
        except Refusal:
            return None

    async def _file(self, name: str) -> web.StreamResponse | None:
        first, _, below = name.partition("/")
        if first == "page":
            return await _found(PAGES, below, {"Cache-Control": "no-cache"})
        state = await self._building.look()
        if not isinstance(state, Built):
            return None
        if first == state.stamp:
            return await _found(state.folder, below, {"Cache-Control": self._keep})
        if STAMP.fullmatch(first):  # of a former build, from which a page that is still open was loaded
            in_cache = state.folder.name == state.stamp  # elsewhere, nobody knows what lies beside it
            return await _found(state.folder.parent / first, below, {"Cache-Control": self._keep}) if in_cache else None
        return await _found(state.folder, name, {"Cache-Control": "no-cache"})


async def _found(folder: Path, name: str, headers: Mapping[str, str]) -> web.StreamResponse | None:
    """A file, compressed where the browser takes that and a compressed copy lies beside it."""

    def find() -> Path | None:
        path = file_below(folder, name)
        return path if path.is_file() else None

    path = await asyncio.to_thread(find) if name else None
    if path is None:
        return None
    return web.FileResponse(path, headers={"Content-Type": site_type(path.name), "Vary": "Accept-Encoding", **headers})


def _page(state: State) -> str:
    if isinstance(state, Failed):
        values = {"reason": state.reason, "remedy": state.remedy}
        return _filled("failed.html", values)
    return _filled("building.html", {"step": state.step if isinstance(state, Building) else ""})


def _filled(name: str, values: Mapping[str, str]) -> str:
    template = Template((PAGES / name).read_text("utf-8"))
    return template.substitute({key: escape(value) for key, value in values.items()})
