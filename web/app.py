"""The web application: every route, and what all of them share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from importlib import import_module

from aiohttp import web

from folders.listing import FolderListing
from web.bad_requests import log_bad_requests_in_one_line
from web.endings import ENDINGS, Endings
from web.fallback import serve_the_rest
from web.features import server_features
from web.files.state import FILES, Files
from web.files.uploads import remove_unfinished
from web.front_end import FRONT_END, choose_front_end
from web.gallery.gallery import keep_gallery
from web.middleware import keep_out, tell_errors
from web.node_catalogue import NODE_CATALOGUE, NodeCatalogue
from web.openapi import SERVED
from web.pack_routes import PACK_ROUTES, PackRoutes
from web.route import Route
from web.security import GUARD, Guard
from web.security_headers import set_headers
from web.site import SITE, Site
from web.sockets.hub import HUB, SocketHub
from web.sockets.logs import LOG_FEED, LogFeed
from web.v2.service import api_v2, end_streams
from web.webhooks import WEBHOOKS, Webhooks

ROUTE_MODULES = (
    "web.routes.prompt",
    "web.routes.run",
    "web.routes.workflow",
    "web.routes.queue",
    "web.routes.history",
    "web.routes.jobs",
    "web.routes.reports",
    "web.routes.values",
    "web.routes.nodes",
    "web.routes.features",
    "web.routes.socket",
    "web.v2.routes",
    "web.routes.view",
    "web.routes.upload",
    "web.routes.outputs",
    "web.routes.userdata",
    "web.routes.settings",
    "web.routes.users",
    "web.routes.models",
    "web.routes.system",
    "web.routes.logs",
    "web.routes.extensions",
    "web.routes.i18n",
    "web.routes.templates",
    "web.routes.status",
    "web.routes.status_page",
    "web.routes.front_end",
    "web.routes.documentation",
)
"""Each has `ROUTES`; an earlier one wins where two would answer the same address."""


def all_routes() -> tuple[Route, ...]:
    """Every route of the server."""
    return tuple(route for module in ROUTE_MODULES for route in import_module(module).ROUTES)


def create_app(site: Site, routes: Sequence[Route] | None = None) -> web.Application:
    """The application that serves a site; its dispatcher is started and stopped by whoever made it."""
    app = web.Application(
        middlewares=[tell_errors, keep_out, serve_the_rest],
        client_max_size=site.options.max_upload_bytes,
    )
    served = all_routes() if routes is None else tuple(routes)
    app[SITE] = site
    app[SERVED] = served
    app[GUARD] = Guard(site.options)
    app[FILES] = Files()
    app[FRONT_END] = choose_front_end(site.options)
    app[PACK_ROUTES] = PackRoutes()
    app[ENDINGS] = Endings(site.dispatcher)
    app[HUB] = SocketHub(site.dispatcher, server_features(site.options), site.options.previews_for_all)
    app[LOG_FEED] = LogFeed(site.logs, app[HUB])
    app[WEBHOOKS] = Webhooks(site)
    app[NODE_CATALOGUE] = NodeCatalogue(FolderListing(site.workspace))
    heads = {path for route in served if route.method == "HEAD" for path in route.paths}
    for route in served:
        for path in route.paths:
            app.router.add_route(route.method, path, route.handler)
            if route.method == "GET" and path not in heads:
                app.router.add_route("HEAD", path, route.handler)
    app.on_response_prepare.append(set_headers)
    app.on_startup.append(remove_unfinished)
    app.on_shutdown.append(_let_go)
    app.on_shutdown.append(end_streams)
    app.cleanup_ctx.append(log_bad_requests_in_one_line)
    app.cleanup_ctx.append(_listening)
    app.on_cleanup.append(_stop_front_end)
    app.cleanup_ctx.append(api_v2)
    app.cleanup_ctx.append(keep_gallery)
    return app


async def _listening(app: web.Application) -> AsyncIterator[None]:
    app[ENDINGS].start()
    app[HUB].start()
    app[LOG_FEED].start()
    await app[WEBHOOKS].start()
    yield
    await app[WEBHOOKS].stop()
    app[LOG_FEED].stop()
    app[HUB].stop()
    app[ENDINGS].stop()


async def _stop_front_end(app: web.Application) -> None:
    await app[FRONT_END].stop()


async def _let_go(app: web.Application) -> None:
    """Answer those who wait for jobs and close the websockets: the server ends only when no request is left."""
    app[LOG_FEED].stop()
    app[HUB].stop()
    app[ENDINGS].stop()
