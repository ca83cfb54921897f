"""Websocket frames: encoded once, sent to many.

A frame from a server is a small header and the payload as it is (RFC 6455, section 5.2), so the same bytes serve every
socket.
"""

from __future__ import annotations

import struct
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from web.answers import to_json

PREVIEW, TEXT, PREVIEW_WITH_METADATA = 1, 3, 4
"""What a binary message holds: its first number."""

IMAGE_TYPES: Mapping[str, int] = {"image/jpeg": 1, "image/png": 2}

_TEXT_FRAME, _BINARY_FRAME = 0x81, 0x82


@dataclass(frozen=True, slots=True)
class Frame:
    """One websocket message, ready to be written.

    Of the frames with the same `key` that a slow socket has not taken yet, only the last one is kept.
    """

    data: bytes
    key: Hashable = None

    def __len__(self) -> int:
        return len(self.data)


def message(type: str, data: Any, key: Hashable = None) -> Frame:
    """A text message `{"type": ..., "data": ...}`."""
    return Frame(_framed(_TEXT_FRAME, to_json({"type": type, "data": data}).encode("ascii")), key)


def raw_message(text: str, key: Hashable = None) -> Frame:
    """A text message whose JSON is at hand."""
    return Frame(_framed(_TEXT_FRAME, text.encode("ascii")), key)


def picture(media_type: str, image: bytes, key: Hashable = None) -> Frame:
    """A picture, for clients that take pictures without metadata: they belong to the last `executing` node."""
    head = struct.pack(">II", PREVIEW, IMAGE_TYPES.get(media_type, 1))
    return Frame(_framed(_BINARY_FRAME, head + image), key)


def picture_with_metadata(metadata: Mapping[str, Any], image: bytes, key: Hashable = None) -> Frame:
    """A picture that says which node and which prompt it belongs to."""
    told = to_json(metadata).encode("ascii")
    head = struct.pack(">II", PREVIEW_WITH_METADATA, len(told))
    return Frame(_framed(_BINARY_FRAME, head + told + image), key)


def progress_text(node: str, text: str) -> Frame:
    """A text that a node shows while it works."""
    name = node.encode("utf-8", "replace")
    body = struct.pack(">II", TEXT, len(name)) + name + text.encode("utf-8", "replace")
    return Frame(_framed(_BINARY_FRAME, body))


def _framed(first: int, payload: bytes) -> bytes:
    length = len(payload)
    if length < 126:
        return bytes((first, length)) + payload
    if length < 65_536:
        return struct.pack(">BBH", first, 126, length) + payload
    return struct.pack(">BBQ", first, 127, length) + payload
