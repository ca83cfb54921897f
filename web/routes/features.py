"""What the server can do."""

from __future__ import annotations

from aiohttp import web

from web.answers import json_answer
from web.features import server_features
from web.route import Route
from web.site import site


async def get_features(request: web.Request) -> web.Response:
    """The server's feature flags."""
    return json_answer(server_features(site(request).options))


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/features",
        get_features,
        "The server's feature flags.",
        "System",
        schema={
            "type": "object",
            "properties": {
                "supports_preview_metadata": {"type": "boolean"},
                "max_upload_size": {"type": "integer", "description": "In bytes."},
            },
        },
    ),
)
