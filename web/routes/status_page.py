"""GET /status: the queue and the workers, for people."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from web.files.plain_file import PlainFile
from web.files.site_types import site_type
from web.refusal import Refusal
from web.route import Route

PAGE = Path(__file__).parent.parent / "pages" / "status"
FILES = frozenset({"status.js", "rows.js", "status.css", "icon.svg"})


async def get_page(request: web.Request) -> web.StreamResponse:
    """The page; it asks for the state in the browser."""
    return PlainFile(
        PAGE / "index.html", headers={"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-cache"}
    )


async def get_page_file(request: web.Request) -> web.StreamResponse:
    """The page's scripts, its style and its icon."""
    name = request.match_info["name"]
    if name not in FILES:
        raise Refusal(404, "not_found", "The status page has no such file.", "Open /status.")
    return PlainFile(PAGE / name, headers={"Content-Type": site_type(name)})


ROUTES = (
    Route(
        "GET",
        "/status",
        get_page,
        "The queue, the workers and the node packs, as a page.",
        "System",
        answers={200: "A page; `/api/status` has what it shows."},
        media_type="text/html",
        prefixed=False,
    ),
    Route(
        "GET",
        "/status/page/{name}",
        get_page_file,
        "The scripts, the style and the icon of the status page.",
        "System",
        query={"name": "`status.js`, `rows.js`, `status.css` or `icon.svg`."},
        answers={200: "The file.", 404: "There is no such file."},
        media_type="text/plain",
        prefixed=False,
    ),
)
