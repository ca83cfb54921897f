"""What the workers announced last: node types, packs, devices. Kept over restarts, so that answers need no worker."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, cast

from execution.jobs.store import JobStore
from execution.schema import NodeSpec
from execution.schema_data import catalogue_from_data
from execution.workers.messages import Pack, Ready
from execution.workers.wire import pack_to_data

KEY = "catalogue"


class Known:
    """The catalogue and what belongs to it.

    `fingerprint` stands for everything that decides which nodes there are (program version, packs, options): what
    was kept under another one does not count.
    """

    def __init__(self, store: JobStore, fingerprint: str) -> None:
        self.catalogue: Mapping[str, NodeSpec] | None = None
        self.packs: Sequence[Pack] = ()
        self.devices: dict[str, Mapping[str, Any]] = {}
        self.versions: Mapping[str, str] = {}
        self._store = store
        self._fingerprint = fingerprint
        self._data: Mapping[str, Any] | None = None
        self._there = asyncio.Event()

    async def load(self) -> None:
        """Read what was kept."""
        stored: Any = await self._store.value(KEY)
        if not isinstance(stored, dict) or self._data is not None:
            return
        kept = cast("dict[str, Any]", stored)
        if kept.get("fingerprint") != self._fingerprint:
            return
        try:
            catalogue = catalogue_from_data(kept["catalogue"])
            packs = tuple(Pack(**pack) for pack in kept["packs"])
        except (KeyError, TypeError, ValueError):  # written by another version: the worker will say it anew
            return
        self._data, self.catalogue, self.packs = kept["catalogue"], catalogue, packs
        self.devices = dict(kept.get("devices") or {})
        self.versions = dict(kept.get("versions") or {})
        self._there.set()

    def take(self, worker: str, ready: Ready) -> bool:
        """A worker announces itself; whether other node types or packs are there than before."""
        self.devices[worker] = dict(ready.device)
        self.versions = dict(ready.versions)
        packs = tuple(ready.packs)
        described = [(pack.name, pack.path, tuple(pack.nodes), pack.web, pack.error) for pack in packs]
        before = [(pack.name, pack.path, tuple(pack.nodes), pack.web, pack.error) for pack in self.packs]
        self.packs = packs
        return self.replace(ready.catalogue) or described != before

    def replace(self, data: Mapping[str, Any]) -> bool:
        """Take a catalogue as data; whether it differs."""
        if data == self._data:
            return False
        self._data, self.catalogue = data, catalogue_from_data(data)
        self._there.set()
        return True

    async def keep(self) -> None:
        """Write it down for the next start."""
        packs = [pack_to_data(pack) for pack in self.packs]
        kept = {"fingerprint": self._fingerprint, "catalogue": self._data, "packs": packs}
        await self._store.set_value(KEY, {**kept, "devices": self.devices, "versions": self.versions})

    async def wait(self, timeout: float | None) -> Mapping[str, NodeSpec] | None:
        """The catalogue, once there is one; None when there is none in time."""
        try:
            async with asyncio.timeout(timeout):
                await self._there.wait()
        except TimeoutError:
            return None
        return self.catalogue
