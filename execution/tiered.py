"""A cache of two tiers: memory in front, the disk behind it."""

from __future__ import annotations

from collections.abc import Collection

from execution.cache import Cache, Entry
from execution.store import DiskStore


class TieredCache:
    """Results in memory, and those worth it also on disk, from where a new process takes them."""

    def __init__(self, memory: Cache, disk: DiskStore) -> None:
        self.memory = memory
        self.disk = disk

    def begin_run(self, keys: Collection[str]) -> None:
        self.memory.begin_run(keys)

    def __contains__(self, key: object) -> bool:
        return key in self.memory or key in self.disk

    def get(self, key: str, root: str) -> Entry | None:
        entry = self.memory.get(key, root)
        if entry is not None:
            return entry
        stored = self.disk.read(key)
        if stored is None:
            return None
        entry = Entry(stored.outputs, None, stored.seconds)
        self.memory.put(key, root, entry)
        return entry

    def peek(self, key: str) -> Entry | None:
        entry = self.memory.peek(key)
        if entry is not None:
            return entry
        stored = self.disk.read(key, looking=True)
        return None if stored is None else Entry(stored.outputs, None, stored.seconds)

    def put(self, key: str, root: str, entry: Entry) -> None:
        self.memory.put(key, root, entry)
        if entry.lasting and entry.ui is None:
            self.disk.write_later(key, entry.outputs, entry.seconds)

    def drop(self, key: str) -> None:
        """Forget it in memory. What shows something is never on disk, and the rest is as good from there."""
        self.memory.drop(key)

    def clear(self) -> None:
        """Forget everything, so that the next run computes everything."""
        self.memory.clear()
        self.disk.clear()

    def close(self) -> None:
        self.memory.close()
        self.disk.close()
