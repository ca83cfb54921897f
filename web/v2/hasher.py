"""Hashes what jobs made, one file at a time, after the answer: reading gigabytes must not hold up a poll."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable

from execution.jobs.errors import StoreError
from folders.workspace import Workspace
from web.v2.assets import Asset, AssetLibrary
from web.v2.hashing import hash_file
from web.v2.places import path_of

MOST_WAITING = 10_000  # further ones are hashed when they are asked for again

log = logging.getLogger(__name__)


class Hasher:
    """Works from `start` to `stop`."""

    def __init__(self, library: AssetLibrary, workspace: Workspace) -> None:
        self._library = library
        self._workspace = workspace
        self._waiting: dict[str, Asset] = {}
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._work(), name="asset hashes")

    async def stop(self) -> None:
        """What is not hashed by now is hashed when it is next asked for."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def want(self, assets: Iterable[Asset]) -> None:
        """Have those hashed that are not."""
        for asset in assets:
            if asset.hash is None and len(self._waiting) < MOST_WAITING:
                self._waiting[asset.id] = asset
        if self._waiting:
            self._wake.set()

    async def hashed(self, asset: Asset) -> Asset:
        """An asset with its hash, taken now if need be; without one where the file is gone."""
        path = path_of(self._workspace, asset)
        if asset.hash is not None or path is None:
            return asset
        found = await asyncio.to_thread(hash_file, path)
        return await self._library.set_hash(asset, found.hash, found.size, found.stamp)

    async def _work(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                asset = self._waiting.pop(next(iter(self._waiting)))
                try:
                    await self.hashed(asset)
                except (OSError, StoreError) as error:
                    log.warning("The hash of %s could not be taken: %s", asset.name, error)
