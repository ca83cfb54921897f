"""Requests to one server, with the standard library."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from email.message import Message
from typing import IO, Any
from urllib.parse import urlsplit

from client.errors import Refused, Unreachable, WeftError

LOOPBACK = ("127.0.0.1", "localhost", "::1")
BROKEN = (OSError, http.client.HTTPException)  # urllib's own errors are OSErrors


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would take the token to wherever it leads; this API has none."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


class Connection:
    """`address` is the server's, as in a browser; `timeout` is in seconds, of silence."""

    def __init__(self, address: str, token: str | None, timeout: float) -> None:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise WeftError(f"{address!r} is no address of a server. Give one such as http://127.0.0.1:8188.")
        self.address = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        self.timeout = timeout
        self._token = token
        proxies: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
        self._opener = urllib.request.build_opener(_NoRedirects, *(proxies if parts.hostname in LOOPBACK else ()))

    def json(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """The JSON that a request is answered with; None for an empty answer.

        Raises:
            Refused: the server said no.
            Unreachable: it does not answer, or answers with something else.
        """
        data = None if body is None else json.dumps(body).encode("utf-8")
        sent = {"Content-Type": "application/json", **(headers or {})} if data is not None else headers
        return self.json_of(method, path, data, sent)

    def json_of(
        self, method: str, path: str, data: bytes | Iterable[bytes] | None, headers: Mapping[str, str] | None
    ) -> Any:
        """The same for a body that is no JSON."""
        with self.open(method, path, data, headers) as answer:
            text = self._read(answer)
        try:
            return json.loads(text) if text else None
        except ValueError:
            raise Unreachable(f"What answers at {self.address} is no Weft server: it does not speak JSON.") from None

    def bytes(self, path: str) -> bytes:
        """What is at a path, or at an address of this server."""
        with self.open("GET", path) as answer:
            return self._read(answer)

    @contextmanager
    def open(
        self,
        method: str,
        path: str,
        data: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Generator[http.client.HTTPResponse]:
        """An answer to be read bit by bit."""
        if "://" in path:  # a link that the server gave: only ever followed on the server itself
            parts = urlsplit(path)
            path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        request = urllib.request.Request(self.address + path, data=data, method=method, headers=dict(headers or {}))
        if self._token:
            request.add_header("Authorization", f"Bearer {self._token}")
        try:
            answer = self._opener.open(request, timeout=timeout or self.timeout)
        except urllib.error.HTTPError as error:
            with error:
                raise Refused.of(error.code, error.read()) from None
        except BROKEN as error:
            raise self.unreachable(error) from error
        with answer:
            yield answer

    def unreachable(self, error: Exception) -> Unreachable:
        """What to say of a broken connection."""
        reason = getattr(error, "reason", None) or error
        remedy = "Start it with 'python main.py', or give its address and port."
        return Unreachable(f"The server at {self.address} does not answer ({reason}). {remedy}")

    def _read(self, answer: http.client.HTTPResponse) -> bytes:
        try:
            return answer.read()
        except BROKEN as error:
            raise self.unreachable(error) from error
