"""Opening a browser for who starts the server by hand on a desktop."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

IN_TERMINALS = frozenset({"www-browser", "links", "elinks", "lynx", "w3m", "browsh"})
"""Browsers that would take over the terminal."""

CONTAINERS = (Path("/.dockerenv"), Path("/run/.containerenv"))


def wants_browser(asked: bool | None) -> bool:
    """Whether to open one: as the command line says, else where somebody sits in front of a desktop."""
    if asked is not None:
        return asked
    interactive = _is_terminal(sys.stdin) and _is_terminal(sys.stdout)
    contained = any(path.exists() for path in CONTAINERS)
    return interactive and not contained and has_desktop(os.environ, sys.platform) and not _is_in_terminal()


def has_desktop(environment: Mapping[str, str], system: str) -> bool:
    """Whether the environment is that of a person's desktop: not a test machine, a container, or a shell from afar."""
    if any(environment.get(name) for name in ("CI", "container", "KUBERNETES_SERVICE_HOST", "COLAB_RELEASE_TAG")):
        return False
    if system in ("win32", "darwin"):
        return not environment.get("SSH_CONNECTION")
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def open_browser(url: str) -> threading.Thread:
    """Open a page in the user's browser. Nobody has to wait for the thread, and it is no error if there is none."""
    thread = threading.Thread(target=_open, args=(url,), name="browser", daemon=True)
    thread.start()
    return thread


def _open(url: str) -> None:
    with suppress(webbrowser.Error, OSError):
        webbrowser.open(url)


def _is_terminal(stream: object) -> bool:
    return bool(stream and getattr(stream, "isatty", bool)())


def _is_in_terminal() -> bool:
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    return Path(getattr(browser, "name", "") or "").name in IN_TERMINALS
