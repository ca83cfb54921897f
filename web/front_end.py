"""What a browser finds at `/`: Weft's editor, or the stock front end of the API that Weft speaks."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from aiohttp import web

from web.editor_build.finding import prebuilt
from web.editor_building import EditorBuilding
from web.editor_front_end import EditorFrontEnd
from web.site import WebOptions
from web.stock_front_end import StockFrontEnd


class FrontEnd(Protocol):
    """A page and its files."""

    @property
    def extensions(self) -> Path | None:
        """The folder of the front end's own extensions."""
        ...

    @property
    def problem(self) -> str | None:
        """Why there is no page, for who starts the server; None: there is one, or there will be."""
        ...

    def start(self) -> None:
        """Begin what takes time; nobody waits for it."""
        ...

    async def stop(self) -> None:
        """End what goes on."""
        ...

    async def index(self) -> web.StreamResponse:
        """The page at `/`. Raises Refusal where there is none."""
        ...

    async def file(self, name: str) -> web.StreamResponse | None:
        """A file of the front end; None: it has none of that name."""
        ...


def choose_front_end(options: WebOptions) -> FrontEnd:
    """The front end that the command line names."""
    if options.front_end == "comfyui":
        return StockFrontEnd()
    made = options.editor
    building = EditorBuilding() if made is None else EditorBuilding(lambda: prebuilt(made))
    return EditorFrontEnd(building, private=options.token is not None)


FRONT_END: web.AppKey[FrontEnd] = web.AppKey("front_end", FrontEnd)
