"""Who may use the server: a token where one is needed, and no pages of other sites.

A page of another site can make a visitor's browser send requests to a server on the visitor's own machine. Two things
tell: `Origin` and `Sec-Fetch-Site`, which browsers set and pages cannot; and `Host`, which holds the other site's name
when that name was made to point at this machine (DNS rebinding).
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import socket
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import urlsplit

from aiohttp import web

from web.site import WebOptions

WILDCARDS = frozenset({"0.0.0.0", "::", ""})
LOCAL_ENDINGS = (".local", ".localhost", ".lan", ".internal", ".home.arpa")
"""Domains that nobody can register, so no page from outside can be served under such a name."""

MOST_HOSTS = 256  # remembered

SAFE_METHODS = frozenset({"GET", "HEAD"})


def is_loopback(name: str) -> bool:
    """Whether a host name or address means this very machine."""
    name = name.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def needs_token(listen: str) -> bool:
    """Whether others than this machine's own users can reach an address that the server listens on."""
    return not all(is_loopback(one.strip()) for one in listen.split(","))


def new_token() -> str:
    """A token nobody guesses."""
    return secrets.token_urlsafe(24)


@dataclass(slots=True)
class Guard:
    """Judges requests by their headers. One for each server."""

    options: WebOptions
    _codes: set[str] = field(default_factory=set[str])  # of links that were not opened yet
    _hosts: dict[str, bool] = field(default_factory=dict[str, bool])  # judged before

    # ---- cross-site

    def host_allowed(self, host: str) -> bool:
        """Whether a `Host` header is a name that this server goes by."""
        known = self._hosts.get(host)
        if known is None:
            known = self._judge_host(host)
            if len(self._hosts) < MOST_HOSTS:
                self._hosts[host] = known
        return known

    def _judge_host(self, host: str) -> bool:
        name = _host_name(host)
        allowed = self.options.cors_origin
        if allowed == "*" or (allowed is not None and name != "" and name == _origin_name(allowed)):
            return True
        own = [one.strip().lower().strip("[]") for one in self.options.listen.split(",")]
        if is_loopback(name) or (name in own and name not in WILDCARDS):
            return True
        if not needs_token(self.options.listen):
            return False
        return _is_address(name) or "." not in name or name.endswith(LOCAL_ENDINGS) or name == _own_name()

    def is_cross_site(self, request: web.Request) -> bool:
        """Whether a page of another site is behind the request."""
        headers = request.headers
        allowed = self.options.cors_origin
        origin = headers.get("Origin")
        if allowed == "*" or (allowed is not None and origin == allowed):
            return False
        if origin is not None and not _same_host(origin, headers.get("Host", "")):
            return True
        if headers.get("Sec-Fetch-Site", "").lower() != "cross-site":
            return False
        return not _is_visit(request)

    # ---- the token

    @property
    def cookie_name(self) -> str:
        """Cookies know no ports, so that the name has to tell one server from another."""
        return f"weft-{self.options.port}"

    def cookie_value(self) -> str:
        """What a browser keeps in place of the token."""
        return hmac.new((self.options.token or "").encode(), b"weft browser session", sha256).hexdigest()

    def browser_code(self) -> str:
        """A code for a link `/?token=CODE` that opens the browser once, then is worth nothing."""
        code = secrets.token_urlsafe(18)
        self._codes.add(code)
        return code

    def is_known(self, request: web.Request) -> bool:
        """Whether the request shows the token, or none is asked for."""
        token = self.options.token
        if token is None:
            return True
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and _equal(given.strip(), token):
            return True
        if _equal(request.cookies.get(self.cookie_name, ""), self.cookie_value()):
            return True
        return _equal(request.query.get("token", ""), token)

    def opens_browser(self, request: web.Request) -> bool:
        """Whether the request is a browser's that follows a link with a token or a code in it; uses the code up."""
        given = request.query.get("token", "")
        if self.options.token is None or not given or request.method != "GET":
            return False
        if _equal(given, self.options.token):
            return "text/html" in request.headers.get("Accept", "")
        for code in tuple(self._codes):
            if _equal(given, code):
                self._codes.discard(code)
                return True
        return False


def _equal(given: str, expected: str) -> bool:
    """Compare in a time that does not tell how much of it was right."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass"))


def _host_name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _origin_name(origin: str) -> str:
    try:
        return urlsplit(origin).hostname or ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _own_name() -> str:
    return socket.gethostname().lower()


def _same_host(origin: str, host: str) -> bool:
    """Whether an `Origin` is the page of the server that `Host` names, whatever the scheme in front of a proxy."""
    try:
        page = urlsplit(origin)
        server = urlsplit(f"//{host}")
        usual = {"http": 80, "https": 443}.get(page.scheme)
        ports = page.port or usual, server.port or usual
    except ValueError:
        return False
    return usual is not None and ports[0] == ports[1] and page.hostname == server.hostname


def _is_visit(request: web.Request) -> bool:
    """Whether a person follows a link to the start page: harmless, as pages may not be framed."""
    headers = request.headers
    return (
        request.method in SAFE_METHODS
        and request.path == "/"
        and headers.get("Sec-Fetch-Mode") == "navigate"
        and headers.get("Sec-Fetch-Dest") == "document"
    )


GUARD: web.AppKey[Guard] = web.AppKey("guard", Guard)
