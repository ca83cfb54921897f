"""JSON values in columns: text and a checksum, or compressed when they are long."""

from __future__ import annotations

import asyncio
import json
import zlib
from typing import Any

LONG = 4_096  # characters, about a page of the file: below it compressing costs more than it saves
HUGE = 65_536  # characters whose compressing (about a millisecond) would hold up the event loop
FASTEST = 1  # zlib's level; graphs shrink about eightfold with it

Packed = str | bytes


def pack(value: Any) -> Packed:
    """JSON data as a column's value. Raises TypeError, ValueError or RecursionError for anything else."""
    return _squeezed(_text(value))


async def pack_aside(value: Any) -> Packed:
    """The same from the event loop, which goes on meanwhile."""
    text = _text(value)
    return _squeezed(text) if len(text) < HUGE else await asyncio.to_thread(_squeezed, text)


def unpack(stored: object) -> Any:
    """What was packed. Raises ValueError or zlib.error where a damaged disk has changed it."""
    if isinstance(stored, bytes):
        return json.loads(zlib.decompress(stored))  # which has a checksum of its own
    if not isinstance(stored, str):
        raise ValueError("The stored value is no text.")
    text, _, sum_of_text = stored.rpartition("#")
    if _checksum(text) != sum_of_text:
        raise ValueError("The stored text has been changed.")
    return json.loads(text)


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    """Mappings that are no dict."""
    try:
        return dict(value)
    except (TypeError, ValueError):
        raise TypeError(f"{type(value).__name__} is no JSON value") from None


def _squeezed(text: str) -> Packed:
    return f"{text}#{_checksum(text)}" if len(text) < LONG else zlib.compress(text.encode("ascii"), FASTEST)


def _checksum(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}"
