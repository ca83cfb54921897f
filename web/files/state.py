"""What the file routes of a server share."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field

from aiohttp import web

from web.files.listing import Listing
from web.files.thumbnails import Thumbnails

DECODERS = 2
"""Pictures that are decoded at a time: each may take half a gigabyte while it is."""


@dataclass(slots=True)
class Files:
    """One server's caches and locks for files."""

    thumbnails: Thumbnails = field(default_factory=Thumbnails)
    listing: Listing = field(default_factory=Listing)
    decoding: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(DECODERS))
    writing: threading.Lock = field(default_factory=threading.Lock)  # of settings, users and saved workflows


FILES: web.AppKey[Files] = web.AppKey("files", Files)


def files(request: web.Request) -> Files:
    """The file caches of the server that a request came to."""
    return request.app[FILES]
