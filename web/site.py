"""What the handlers of a server share."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from execution.logbook import Logbook
from execution.workers.dispatcher import Dispatcher
from folders.workspace import Workspace


@dataclass(frozen=True, slots=True)
class WebOptions:
    """How the server was told to behave (command line)."""

    listen: str = "127.0.0.1"
    port: int = 8188
    token: str | None = None  # None: nobody is asked; required for any address but loopback
    max_upload_bytes: int = 100 * 2**20
    cors_origin: str | None = None  # --enable-cors-header
    front_end: str = "weft"  # "weft" | "comfyui"
    editor: Path | None = None  # a build of the editor that was made elsewhere
    allow_private_webhooks: bool = False
    multi_user: bool = False
    previews_for_all: bool = False  # also for clients that did not say that they take previews with metadata
    argv: Sequence[str] = ()


@dataclass(slots=True)
class Site:
    """One server's parts. Handlers reach it through `site(request)`."""

    dispatcher: Dispatcher
    workspace: Workspace
    options: WebOptions
    logs: Logbook
    started: float = field(default_factory=time.monotonic)

    @property
    def user(self) -> Path:
        """The folder of the user's settings and saved workflows."""
        return self.workspace.user / "default"


SITE: web.AppKey[Site] = web.AppKey("site", Site)


def site(request: web.Request) -> Site:
    """The server that a request came to."""
    return request.app[SITE]
