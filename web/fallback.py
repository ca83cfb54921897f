"""Addresses that no route has: routes of node packs, then files of the front end."""

from __future__ import annotations

from aiohttp import web

from web.front_end import FRONT_END
from web.middleware import Handler
from web.pack_routes import PACK_ROUTES


@web.middleware
async def serve_the_rest(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what would be a 404, or a 405 where a pack takes the method."""
    refused = request.match_info.http_exception
    if refused is None or refused.status not in (404, 405):
        return await handler(request)
    answer = await request.app[PACK_ROUTES].answer(request)
    if answer is None and refused.status == 404 and request.method in ("GET", "HEAD"):
        answer = await request.app[FRONT_END].file(request.path.lstrip("/"))
    return await handler(request) if answer is None else answer
