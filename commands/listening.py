"""The socket that a server listens on, and how its address is told."""

from __future__ import annotations

import errno
import socket
import sys

from commands.errors import UsageProblem


def bind(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        UsageProblem: the address is taken, or not this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise UsageProblem(f"--listen {host} is no address of this machine ({error.strerror or error}).") from error
    try:
        if sys.platform != "win32":  # there, it would let two servers share a port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(1024)
    except OSError as error:
        listening.close()
        what = error.strerror or str(error)
        if error.errno == errno.EADDRNOTAVAIL:
            raise UsageProblem(f"--listen {host} is no address of this machine ({what}).") from error
        raise UsageProblem(f"Port {port} of {host} cannot be used ({what}). Choose another with --port.") from error
    return listening


def address_of(listening: socket.socket, host: str) -> str:
    """The URL at which a browser on this machine finds the server."""
    port = listening.getsockname()[1]
    shown = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
