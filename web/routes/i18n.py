"""GET /i18n: the translations that node packs bring."""

from __future__ import annotations

import asyncio

from aiohttp import web

from web.answers import json_answer
from web.files.pack_files import translations
from web.route import Route
from web.site import site


async def get_translations(request: web.Request) -> web.Response:
    """All of them."""
    return json_answer(await asyncio.to_thread(translations, site(request).dispatcher.packs))


ROUTES = (
    Route(
        "GET",
        "/i18n",
        get_translations,
        "The translations that node packs bring.",
        "Nodes",
        answers={200: "Language to texts: `nodeDefs`, `commands`, `settings` and others."},
        schema={"type": "object"},
    ),
)
