"""HTTP routes of node packs: they run in a worker, and the server hands requests for them on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector, UnixConnector, web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from execution.workers.states import WorkerState
from web.refusal import Refusal
from web.site import site

SECRET = "X-Weft-Worker"
TIMEOUT = ClientTimeout(total=None, sock_connect=5)
"""A pack's handler may take as long as it needs."""

OF_ONE_CONNECTION = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
    "upgrade", "content-length", "expect",
})  # fmt: skip
PRIVATE = frozenset({"cookie", "authorization", "host", SECRET.lower()})
"""Not handed on: what proves to the server who asks is nothing for a pack."""

ADDED = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
"""What aiohttp would add where the client sent none; an answer would come back compressed that nobody can read."""

Routes = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class PackRoutes:
    """Finds the worker that serves a path. One for each server."""

    _routers: dict[Routes, web.UrlDispatcher] = field(default_factory=dict[Routes, web.UrlDispatcher])

    async def answer(self, request: web.Request) -> web.StreamResponse | None:
        """What a pack's handler answers; None: no pack has a route for this."""
        for worker in site(request).dispatcher.workers:
            if worker.address is None or not worker.routes:
                continue
            target = await self._target(request, worker.routes)
            if target is not None:
                return await _hand_on(request, worker, target)
        return None

    async def _target(self, request: web.Request, routes: Routes) -> URL | None:
        """The path as the pack registered it: with or without `/api`."""
        if routes not in self._routers:
            self._routers.clear()  # packs changed
            self._routers[routes] = _router(routes)
        url = request.rel_url
        without = URL(url.raw_path_qs.removeprefix("/api"), encoded=True)
        for candidate in (url, without) if url.raw_path.startswith("/api/") else (url,):
            match = await self._routers[routes].resolve(request.clone(rel_url=candidate))
            if match.http_exception is None:
                return candidate
        return None


def _router(routes: Routes) -> web.UrlDispatcher:
    router = web.UrlDispatcher()
    for method, path in routes:
        if path.startswith("/"):
            router.add_route(method, path, _nothing)
    return router


async def _nothing(request: web.Request) -> web.StreamResponse:
    return web.Response(status=500)


async def _hand_on(request: web.Request, worker: WorkerState, target: URL) -> web.StreamResponse:
    address = worker.address or ""
    local = address.startswith(("/", "\\")) or ":" not in address
    connector = UnixConnector(address) if local else TCPConnector()
    token = site(request).options.token
    if token is not None and request.query.get("token") == token:
        target = target.without_query_params("token")
    url = URL(f"http://{'worker' if local else address}{target.raw_path_qs}", encoded=True)
    headers = _passed(request.headers, OF_ONE_CONNECTION | PRIVATE)
    headers[SECRET] = worker.secret
    body = _Body(request)
    if body.is_too_long:
        raise body.refusal()
    response: web.StreamResponse | None = None
    try:
        async with (
            ClientSession(connector=connector, timeout=TIMEOUT, auto_decompress=False) as session,
            session.request(
                request.method,
                url,
                headers=headers,
                data=body if request.can_read_body else None,
                allow_redirects=False,
                skip_auto_headers=ADDED,
            ) as answer,
        ):
            response = web.StreamResponse(status=answer.status, reason=answer.reason)
            response.headers.extend(_passed(answer.headers, OF_ONE_CONNECTION))
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            await response.write_eof()
            return response
    except ClientError as error:
        if response is not None:  # a part of it is sent: only breaking off tells that the rest is missing
            raise ConnectionError("The worker broke off its answer.") from error
        if body.is_too_long:
            raise body.refusal() from None
        what, remedy = "The worker that runs this node pack did not answer.", "Try again in a moment."
        raise Refusal(502, "worker_away", what, remedy) from None


class _Body:
    """A request's body as it comes, at most as much as an upload may have."""

    def __init__(self, request: web.Request) -> None:
        self._content = request.content
        self._limit = site(request).options.max_upload_bytes
        self.is_too_long = (request.content_length or 0) > self._limit

    def refusal(self) -> Refusal:
        what = f"The body is longer than {self._limit:,} bytes."
        return Refusal(413, "body_too_large", what, "Send less, or raise --max-upload-size.")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._content.iter_any():
            size += len(chunk)
            if size > self._limit:
                self.is_too_long = True
                raise self.refusal()  # breaks the request to the worker off, which is told as a ClientError
            yield chunk


def _passed(headers: CIMultiDictProxy[str], without: frozenset[str]) -> CIMultiDict[str]:
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in without)


PACK_ROUTES: web.AppKey[PackRoutes] = web.AppKey("pack_routes", PackRoutes)
