"""The index of one server: kept up to date in the background, so that nobody waits for thousands of files."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any

from aiohttp import web

from execution.workers.news import JobEnded, News
from folders.workspace import OwnFolder
from web.files.listing import Entry, Listing
from web.files.state import FILES
from web.gallery.index import GalleryIndex, Wanted
from web.site import SITE, Site

FILE_NAME = "gallery.sqlite3"
AT_ONCE = 5  # files that are read before others get their turn: about a millisecond
PAUSE = 0.004  # seconds between: requests come first
WITH_A_REQUEST = 100  # files that a request may wait for, so that the newest ones are in its answer

log = logging.getLogger(__name__)


class Gallery:
    """Searches the pictures of a server's folders. Its methods may be called in threads, but `start` and `stop`."""

    def __init__(self, site: Site, listing: Listing, index: GalleryIndex) -> None:
        self._site = site
        self._listing = listing
        self._index = index
        self._folders: set[OwnFolder] = {"output"}  # those that are kept up to date
        self._look = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stop_listening: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin to read what is new, now and after each job."""
        self._stop_listening = self._site.dispatcher.listen(self._hear)
        self._task = asyncio.create_task(self._keep_up())
        self._look.set()

    async def stop(self) -> None:
        """Stop reading and close the index."""
        if self._stop_listening is not None:
            self._stop_listening()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await asyncio.to_thread(self._index.close)

    def look(self, folder: OwnFolder) -> None:
        """Read on in the background until all of a folder is known. On the server's loop."""
        self._folders.add(folder)
        self._look.set()

    def update(self, folder: OwnFolder, entries: Sequence[Entry], most: int = WITH_A_REQUEST) -> int:
        """Read what is new among a folder's files, newest first; returns how many are left to read."""
        return self._index.update(folder, self._site.workspace.folder(folder), entries, most)

    def matching(self, folder: OwnFolder, wanted: Wanted) -> set[str]:
        """The paths that a search finds among what was read."""
        return self._index.matching(folder, wanted)

    def about(self, folder: OwnFolder, paths: Iterable[str]) -> dict[str, dict[str, Any]]:
        """What files were made with, of those that say so."""
        return self._index.about(folder, paths)

    def _hear(self, news: News) -> None:
        if isinstance(news, JobEnded):
            self._look.set()

    async def _keep_up(self) -> None:
        while True:
            await self._look.wait()
            self._look.clear()
            for folder in tuple(self._folders):
                try:
                    while await asyncio.to_thread(self._some, folder):
                        await asyncio.sleep(PAUSE)
                except Exception:  # the background's border: what one file brings about must not end the reading
                    log.exception("The pictures of the folder %s could not be read to the end.", folder)

    def _some(self, folder: OwnFolder) -> int:
        return self.update(folder, self._listing.files(self._site.workspace.folder(folder)), AT_ONCE)


GALLERY: web.AppKey[Gallery] = web.AppKey("gallery", Gallery)


async def keep_gallery(app: web.Application) -> AsyncIterator[None]:
    """For `cleanup_ctx`: the gallery lives as long as the server."""
    site = app[SITE]
    path = site.workspace.user / "cache" / FILE_NAME
    index = await asyncio.to_thread(GalleryIndex, path)
    gallery = app[GALLERY] = Gallery(site, app[FILES].listing, index)
    gallery.start()
    yield
    await gallery.stop()
