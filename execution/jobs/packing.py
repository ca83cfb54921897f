"""JSON values in columns: text, or compressed when it is long."""

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


def unpack(stored: Packed) -> Any:
    """What was packed."""
    return json.loads(stored if isinstance(stored, str) else zlib.decompress(stored))


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    """Mappings that are no dict."""
    try:
        return dict(value)
    except (TypeError, ValueError):
        raise TypeError(f"{type(value).__name__} is no JSON value") from None


def _squeezed(text: str) -> Packed:
    return text if len(text) < LONG else zlib.compress(text.encode("ascii"), FASTEST)
