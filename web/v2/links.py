"""The addresses that API v2 gives along, so that clients follow links and build none."""

from __future__ import annotations

from aiohttp import web

ROOT = "/api/v2"


def origin(request: web.Request) -> str:
    """Scheme and host under which the client reached the server; the guard has checked the host."""
    return f"{request.scheme}://{request.host}"


def job_links(base: str, public_id: str) -> dict[str, str]:
    link = f"{base}{ROOT}/jobs/{public_id}"
    return {"self": link, "events": f"{link}/events", "cancel": f"{link}/cancel"}


def content_link(base: str, asset_id: str) -> str:
    return f"{base}{ROOT}/assets/{asset_id}/content"
