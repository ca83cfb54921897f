"""GET /: the page that a browser opens."""

from __future__ import annotations

from aiohttp import web

from web.editor_front_end import EditorFrontEnd
from web.front_end import FRONT_END
from web.refusal import Refusal
from web.route import Route


async def get_index(request: web.Request) -> web.StreamResponse:
    """The page."""
    return await request.app[FRONT_END].index()


async def build_again(request: web.Request) -> web.StreamResponse:
    """Try again to build the editor, and go back to the page that tells how it goes."""
    front_end = request.app[FRONT_END]
    if not isinstance(front_end, EditorFrontEnd):
        what = "This server serves another front end, for which nothing is built."
        raise Refusal(409, "nothing_to_build", what, "Start it without --front-end to have the editor.")
    await front_end.build_again()
    return web.Response(status=303, headers={"Location": "../", "Cache-Control": "no-store"})


ROUTES = (
    *(
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
    ),
    Route(
        "POST",
        "/editor/build",
        build_again,
        "Try again to build the editor, after that has failed.",
        "System",
        answers={303: "To the page at `/`, which tells how it goes.", 409: "The server has another front end."},
        prefixed=False,
    ),
)
