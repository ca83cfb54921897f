"""GET /: the page that a browser opens."""

from __future__ import annotations

from aiohttp import web

from web.front_end import FRONT_END
from web.route import Route


async def get_index(request: web.Request) -> web.StreamResponse:
    """The page."""
    return await request.app[FRONT_END].index()


ROUTES = tuple(
    Route(
        method,
        "/",
        get_index,
        "The page that a browser opens.",
        "System",
        answers={200: "A page.", 503: "The front end that was chosen is not installed."},
        media_type="text/html",
        prefixed=False,
    )
    for method in ("GET", "HEAD")
)
