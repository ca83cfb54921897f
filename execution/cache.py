"""The memory tier: results of nodes by key, bounded."""

from __future__ import annotations

import threading
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from execution.sizes import SMALL, Measure, Part, measure

DEFAULT_BYTES = 4 * 2**30


@dataclass(eq=False, slots=True)
class Entry:
    """A node's result."""

    outputs: list[list[Any]]  # per output, the list of its items
    ui: Mapping[str, list[Any]] | None = None
    seconds: float = 0.0  # what it took to make
    lasting: bool = True  # worth keeping beyond this process: no output, and its key comes again


class Cache(Protocol):
    """Where results are kept between and within runs. A disk tier behind the memory tier has the same shape."""

    def begin_run(self, keys: Collection[str]) -> None:
        """A run begins whose submitted nodes have these keys."""
        ...

    def __contains__(self, key: object) -> bool: ...

    def get(self, key: str, root: str) -> Entry | None:
        """The result under a key; `root` is the key of the submitted node that it is needed for."""
        ...

    def peek(self, key: str) -> Entry | None:
        """The result under a key for somebody who only looks: it is kept no longer for that. From any thread."""
        ...

    def put(self, key: str, root: str, entry: Entry) -> None: ...

    def drop(self, key: str) -> None:
        """Forget the result under a key, if there is one."""
        ...

    def clear(self) -> None: ...

    def close(self) -> None:
        """Finish what is being written; nothing is put any more."""
        ...


@dataclass(eq=False, slots=True)
class _Slot:
    entry: Entry
    parts: list[Part]
    worth: float  # rank: the entry of least worth goes first
    run: int  # when last used
    roots: set[str] = field(default_factory=set[str])


class MemoryCache:
    """Results in memory under one of four policies; see the constructors.

    Which entry goes when bytes run out is decided by GreedyDual-Size (Cao and Irani, "Cost-Aware WWW Proxy Caching
    Algorithms", 1997): an entry is worth the seconds that a byte of it saves, plus the worth of the last one that
    went when it was last used; so what is old, cheap to make or big goes first.
    """

    def __init__(
        self,
        max_bytes: int | None = DEFAULT_BYTES,
        *,
        max_entries: int | None = None,
        only_current: bool = False,
        measure: Measure = measure,
    ) -> None:
        self._max_bytes = max_bytes
        self._max_entries = max_entries
        self._only_current = only_current
        self._measure = measure
        self._slots: dict[str, _Slot] = {}  # in the order of last use
        self._holders: dict[Hashable, int] = {}  # piece of memory -> how many entries hold it
        self._bytes = 0
        self._floor = 0.0  # worth of the last entry that went
        self._run = 0
        self._lock = threading.RLock()

    @classmethod
    def classic(cls) -> MemoryCache:
        """Keeps what the last graph made; what is not in a new one is dropped when it starts."""
        return cls(None, only_current=True)

    @classmethod
    def lru(cls, entries: int) -> MemoryCache:
        """Keeps the results used last, this many, and all of the present run."""
        return cls(None, max_entries=entries)

    @classmethod
    def none(cls) -> MemoryCache:
        """Keeps nothing: a result lives until its consumers have run."""
        return cls(0)

    @property
    def bytes(self) -> int:
        """Bytes held now; memory that several entries share counts once."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._slots)

    def __contains__(self, key: object) -> bool:
        return key in self._slots

    def begin_run(self, keys: Collection[str]) -> None:
        with self._lock:
            self._run += 1
            present = set(keys)
            if self._only_current:
                for key in [k for k, slot in self._slots.items() if present.isdisjoint(slot.roots)]:
                    self._drop(key)
            if self._max_entries is not None:
                for key in present & self._slots.keys():
                    self._slots[key].run = self._run
                self._drop_oldest(self._max_entries)

    def get(self, key: str, root: str) -> Entry | None:
        with self._lock:
            slot = self._slots.get(key)
            if slot is None:
                return None
            slot.roots.add(root)
            slot.run = self._run
            if self._max_entries is not None:
                self._slots[key] = self._slots.pop(key)
            slot.worth = self._floor + self._worth(slot.entry, slot.parts)
            return slot.entry

    def peek(self, key: str) -> Entry | None:
        slot = self._slots.get(key)
        return None if slot is None else slot.entry

    def put(self, key: str, root: str, entry: Entry) -> None:
        if self._max_bytes == 0:
            return
        parts = self._measure(entry.outputs)
        with self._lock:
            if key in self._slots:
                self._drop(key)
            added = self._hold(parts)
            if self._max_bytes is not None and added > self._max_bytes:
                self._release(parts)
                return
            self._slots[key] = _Slot(entry, parts, self._floor + self._worth(entry, parts), self._run, {root})
            if self._max_bytes is not None and self._bytes > self._max_bytes:
                self._drop_least_worth(self._max_bytes, key)
            if self._max_entries is not None and len(self._slots) > self._max_entries:
                self._drop_oldest(self._max_entries)

    def drop(self, key: str) -> None:
        with self._lock:
            if key in self._slots:
                self._drop(key)

    def clear(self) -> None:
        with self._lock:
            self._slots.clear()
            self._holders.clear()
            self._bytes = 0
            self._floor = 0.0

    def close(self) -> None:
        """Nothing is under way in memory."""

    @staticmethod
    def _worth(entry: Entry, parts: Iterable[Part]) -> float:
        return max(entry.seconds, 1e-6) / (SMALL + sum(size for _, size in parts))

    def _hold(self, parts: list[Part]) -> int:
        """Count the pieces of one more entry; the bytes that no other entry held."""
        added = SMALL
        for piece, size in parts:
            count = self._holders.get(piece, 0)
            self._holders[piece] = count + 1
            if not count:
                added += size
        self._bytes += added
        return added

    def _release(self, parts: list[Part]) -> None:
        self._bytes -= SMALL
        for piece, size in parts:
            count = self._holders[piece] - 1
            if count:
                self._holders[piece] = count
            else:
                del self._holders[piece]
                self._bytes -= size

    def _drop(self, key: str) -> None:
        self._release(self._slots.pop(key).parts)

    def _drop_least_worth(self, limit: int, newest: str) -> None:
        """Make room with a tenth to spare, so that entries are put in order once for many that come."""
        for key, slot in sorted(self._slots.items(), key=lambda item: item[1].worth):
            if self._bytes <= limit - limit // 10:
                return
            if key != newest:
                self._floor = slot.worth
                self._drop(key)

    def _drop_oldest(self, limit: int) -> None:
        """Drop the entries not used longest, but none of the present run."""
        for key in [k for k, slot in self._slots.items() if slot.run != self._run]:
            if len(self._slots) <= limit:
                return
            self._drop(key)
