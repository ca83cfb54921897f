"""Where a webhook may go: not to the server's own machine or network, unless the server was told so.

Otherwise whoever may queue a prompt could make the server talk to routers, databases and cloud metadata services that
only it can reach.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Any

from yarl import URL

from web.refusal import Refusal

MOST_CHARACTERS = 2_000
NAT64 = ipaddress.ip_network("64:ff9b::/96")
INTERNET = ipaddress.ip_network("2000::/3")
"""Where all addresses of the internet's version 6 lie; `::127.0.0.1` and its like do not."""


class TargetRefused(Exception):
    """A webhook's address may not be called; the text is a sentence."""


def checked_url(given: Any, allow_private: bool) -> str | None:
    """A webhook's URL from a request, as far as it can be judged without asking the name service.

    Raises:
        Refusal: it is no URL that may be called.
    """
    if given is None or given == "":
        return None
    remedy = "Give the http or https URL of a server on the internet, or leave webhook out."
    if not isinstance(given, str) or len(given) > MOST_CHARACTERS or not given.isprintable() or " " in given:
        raise Refusal(400, "invalid_webhook", "webhook is not a URL.", remedy)
    try:
        host, _ = host_and_port(given)
        given.encode("ascii")
        host.encode("idna")  # no label of a host's name is empty or longer than 63 characters
        address = _literal(host)
    except (ValueError, TargetRefused):
        raise Refusal(400, "invalid_webhook", "webhook is not a URL that can be called.", remedy) from None
    private = (address is not None and not is_public(address)) or host == "localhost" or host.endswith(".localhost")
    if private and not allow_private:
        remedy = "Give a server on the internet, or start Weft with --allow-private-webhooks."
        raise Refusal(400, "invalid_webhook", f"webhook points into the server's own network ({host}).", remedy)
    return given


def host_and_port(url: str) -> tuple[str, int]:
    """The host name of a URL in lower case, and its port: read by what will call it, so that both see the same host.

    Raises:
        TargetRefused: it is not http or https, or names no host.
        ValueError: it is not a URL.
    """
    parts = URL(url)
    host = (parts.host or "").rstrip(".").lower()
    if parts.scheme not in ("http", "https") or not host or parts.user is not None or parts.password is not None:
        raise TargetRefused("A webhook is an http or https URL with a host and without a password.")
    return host, parts.port or (443 if parts.scheme == "https" else 80)


async def resolve(url: str, allow_private: bool) -> str:
    """The address to call for a URL. Ask once, and connect to just this address.

    Raises:
        TargetRefused: one of its addresses is private.
        ValueError: no host can have such a name.
        OSError: there is no such host.
    """
    host, port = host_and_port(url)
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]).split("%", 1)[0] for entry in found]
    if not allow_private:
        private = [address for address in addresses if not is_public(ipaddress.ip_address(address))]
        if private:
            raise TargetRefused(f"{host} is {private[0]}, in the server's own network.")
    return addresses[0]


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is on the internet, whatever it is wrapped in."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address not in INTERNET:
            return False
    return address.is_global and not address.is_multicast


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a host name is itself, in any of the spellings that the system would accept."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))  # 127.1, 0x7f000001, 2130706433
    except OSError:
        return None
