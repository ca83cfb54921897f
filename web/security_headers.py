"""Headers that keep browsers from doing more with an answer than was meant."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from web.security import GUARD, SAFE_METHODS

PAGE_POLICY = "; ".join((
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "media-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'self'",
))  # fmt: skip
"""For Weft's own pages."""

STOCK_PAGE_POLICY = "; ".join((
    "default-src 'self'",
    "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob: https:",
    "media-src 'self' data: blob: https:",
    "font-src 'self' data:",
    "connect-src 'self' data: blob: https:",
    "worker-src 'self' blob:",
    "frame-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'self'",
))  # fmt: skip
"""For the stock front end, whose extensions make code at run time and fetch from the sites of their makers."""

ALWAYS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}

PICTURES = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".gif", ".webp", ".avif", ".svg", ".ico")


async def set_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Complete the headers of every answer, files and streams included; what a handler has set stays."""
    headers = response.headers
    for name, value in ALWAYS.items():
        headers.setdefault(name, value)
    if response.content_type == "text/html" and "Content-Security-Policy" not in headers:
        stock = request.app[GUARD].options.front_end == "comfyui"
        headers["Content-Security-Policy"] = STOCK_PAGE_POLICY if stock else PAGE_POLICY
    _set_caching(request, response)
    _allow_origin(request, response)


def _set_caching(request: web.Request, response: web.StreamResponse) -> None:
    """As browsers of the existing API find it: code is asked for anew, pictures are kept for a day.

    Refusals are never kept. With a token, nothing is for caches that several people share.
    """
    if "Cache-Control" in response.headers:
        return
    private = request.app[GUARD].options.token is not None
    path = request.path.lower()
    name = path.rsplit("/", 1)[-1]
    if path.endswith((".js", ".css")) or (name.startswith("index") and name.endswith(".json")):
        response.headers["Cache-Control"] = "no-cache"
    elif (
        path.endswith(PICTURES) and request.method in SAFE_METHODS and (response.status < 400 or response.status == 404)
    ):
        shared, seconds = "private" if private else "public", 86_400 if response.status < 400 else 3_600
        response.headers["Cache-Control"] = f"{shared}, max-age={seconds}"
    elif private:
        response.headers["Cache-Control"] = "private"


def _allow_origin(request: web.Request, response: web.StreamResponse) -> None:
    allowed = request.app[GUARD].options.cors_origin
    if allowed is None:
        return
    response.headers["Access-Control-Allow-Origin"] = allowed
    response.headers["Access-Control-Allow-Methods"] = "POST, GET, DELETE, PUT, PATCH, OPTIONS, HEAD"
    response.headers["Access-Control-Allow-Headers"] = (
        "Content-Type, Authorization, Idempotency-Key, Comfy-User, Comfyui-User"
    )
    if allowed != "*":  # browsers take no credentials together with any origin
        response.headers["Access-Control-Allow-Credentials"] = "true"
        response.headers["Vary"] = "Origin"
