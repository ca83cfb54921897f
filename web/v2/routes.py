"""All routes of API v2."""

from __future__ import annotations

from aiohttp import web

from web.answers import json_answer
from web.openapi import API_V2_TAG
from web.route import Route
from web.site import site
from web.v2 import asset_routes, job_routes, schemas
from web.v2.links import ROOT
from web.version import VERSION


async def get_health(request: web.Request) -> web.Response:
    """Answered without asking the database or a worker."""
    dispatcher = site(request).dispatcher
    state = "paused" if dispatcher.paused else "ok" if dispatcher.catalogue is not None else "starting"
    queue = {"remaining": dispatcher.remaining, "paused": dispatcher.paused}
    return json_answer({"status": state, "version": VERSION, "api": "v2", "queue": queue})


ROUTES = (
    *job_routes.ROUTES,
    *asset_routes.ROUTES,
    Route(
        "GET",
        f"{ROOT}/health",
        get_health,
        "Whether the server is well.",
        API_V2_TAG,
        answers={200: "Its state."},
        schema=schemas.HEALTH,
        prefixed=False,
    ),
)
