"""`/openapi.json` and the page that shows it."""

from __future__ import annotations

import json
from pathlib import Path

from aiohttp import web

from web.openapi import SERVED, openapi_document
from web.refusal import Refusal
from web.route import Route
from web.site import site
from web.version import VERSION

PAGES = Path(__file__).parent.parent / "pages" / "docs"
FILES = {"page.js": "text/javascript", "page.css": "text/css", "routes.css": "text/css"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob: data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


async def get_document(request: web.Request) -> web.Response:
    """The document, made anew: it costs a few milliseconds and is asked for by people."""
    document = openapi_document(request.app[SERVED], VERSION, secured=site(request).options.token is not None)
    return web.json_response(document, dumps=lambda data: json.dumps(data, ensure_ascii=False))


async def get_page(request: web.Request) -> web.StreamResponse:
    """The page; it reads the document in the browser."""
    return _page_file("index.html", "text/html")


async def get_page_file(request: web.Request) -> web.StreamResponse:
    """The page's script and its style."""
    name = request.match_info["name"]
    if name not in FILES:
        raise Refusal(404, "not_found", "The documentation's page has no such file.", "Open /docs.")
    return _page_file(name, FILES[name])


def _page_file(name: str, media_type: str) -> web.StreamResponse:
    headers = {
        "Content-Type": f"{media_type}; charset=utf-8",
        "Cache-Control": "no-cache",
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
    }
    return web.FileResponse(PAGES / name, headers=headers)


ROUTES = (
    Route(
        "GET",
        "/openapi.json",
        get_document,
        "This description of the API, as OpenAPI 3.1.",
        "System",
        answers={200: "The document."},
        schema={"type": "object", "required": ["openapi", "info", "paths"]},
    ),
    Route(
        "GET",
        "/docs",
        get_page,
        "The API's documentation, to read and to try.",
        "System",
        answers={200: "A page."},
        media_type="text/html",
        prefixed=False,
    ),
    Route(
        "GET",
        "/docs/page/{name}",
        get_page_file,
        "The script and the style of the documentation's page.",
        "System",
        query={"name": "`page.js`, `page.css` or `routes.css`."},
        answers={200: "The file.", 404: "There is no such file."},
        media_type="text/plain",
        prefixed=False,
    ),
)
