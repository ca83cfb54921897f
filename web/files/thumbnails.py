"""Converted pictures, kept in memory for whoever asks again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

KEPT_BYTES = 32 * 2**20
ENTRY_BYTES = 500  # what an entry takes besides its picture


@dataclass(frozen=True, slots=True)
class Rendered:
    """A picture as it is sent."""

    data: bytes
    media_type: str


class Thumbnails:
    """Bounded in bytes; what was asked for longest ago goes first."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self.kept_bytes = kept_bytes
        self.bytes = 0
        self._kept: OrderedDict[Hashable, Rendered] = OrderedDict()

    def get(self, key: Hashable) -> Rendered | None:
        """A kept picture."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def keep(self, key: Hashable, picture: Rendered) -> None:
        """Keep a picture, unless it alone would drive many others out."""
        cost = len(picture.data) + ENTRY_BYTES
        if cost > self.kept_bytes // 4:
            return
        former = self._kept.pop(key, None)
        if former is not None:
            self.bytes -= len(former.data) + ENTRY_BYTES
        self._kept[key] = picture
        self.bytes += cost
        while self.bytes > self.kept_bytes:
            _, oldest = self._kept.popitem(last=False)
            self.bytes -= len(oldest.data) + ENTRY_BYTES

    def __len__(self) -> int:
        return len(self._kept)
