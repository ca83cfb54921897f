"""Messages as bytes: how a server and its workers write to each other.

A frame is two big-endian uint32 (length of the JSON, length of the bytes), the JSON `[kind, fields]`, and the bytes of
the message's `payload` field if it has one.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, cast

from execution.jobs.outcomes import outcome_from_data, outcome_to_data
from execution.workers import messages
from execution.workers.messages import Answer, Ended, FromWorker, Pack, Picture, Ready, ToWorker
from execution.workers.plain import plain

Message = FromWorker | ToWorker

LONGEST_TEXT = 256 * 2**20  # bytes of JSON
LONGEST_PAYLOAD = 1024 * 2**20  # bytes; a PNG of 16,384 x 16,384 pixels that cannot be compressed

_HEAD = struct.Struct(">II")
_KINDS: Mapping[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        messages.RunJob, messages.CancelJob, messages.Free, messages.Ask, messages.Starting,
        messages.Ready, messages.Told, messages.Picture, messages.Ended, messages.Answer, messages.Broadcast,
        messages.Ending,
    )
}  # fmt: skip
_FIELDS: Mapping[str, tuple[str, ...]] = {
    name: tuple(field.name for field in fields(kind) if field.name != "payload") for name, kind in _KINDS.items()
}


class WireError(Exception):
    """The bytes are no message, or a message is too large to send; the text is a sentence."""


def encode(message: Message) -> bytes:
    """A message as a frame. Values that JSON does not know become their texts.

    Raises:
        WireError: it is too large.
    """
    kind = type(message).__name__
    data = {name: getattr(message, name) for name in _FIELDS[kind]}
    if isinstance(message, Ended):
        data["outcome"] = outcome_to_data(message.outcome)
    elif isinstance(message, Ready):
        data["packs"] = [pack_to_data(pack) for pack in message.packs]
    payload = message.payload if isinstance(message, (Answer, Picture)) else b""
    try:
        text = json.dumps([kind, data], separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError):
        text = json.dumps([kind, plain(data)], separators=(",", ":")).encode()
    if len(text) > LONGEST_TEXT or len(payload) > LONGEST_PAYLOAD:
        size = (len(text) + len(payload)) / 2**20
        raise WireError(f"A message of kind {kind} is too large to send ({size:.0f} MiB).")
    return b"".join((_HEAD.pack(len(text), len(payload)), text, payload))


def decode(text: bytes, payload: bytes) -> Message:
    """The message of a frame's two parts.

    Raises:
        WireError: they are none.
    """
    try:
        kind, data = json.loads(text)
        if kind == "Ended":
            data["outcome"] = outcome_from_data(data["outcome"])
        elif kind == "Ready":
            data["packs"] = tuple(Pack(**pack) for pack in data["packs"])
            data["routes"] = tuple((method, path) for method, path in data["routes"])
        elif kind in ("Answer", "Picture"):
            data["payload"] = payload
        return cast("Message", _KINDS[kind](**data))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise WireError(f"Something came that is no message ({type(error).__name__}: {error}).") from error


class Frames:
    """Bytes come in, in pieces of any size; whole messages go out."""

    def __init__(self, take: Callable[[Message], None]) -> None:
        self._take = take
        self._buffer = bytearray()
        self._needed = _HEAD.size

    def feed(self, data: bytes) -> None:
        """Give on every message that is complete now.

        Raises:
            WireError: the bytes are no frames.
        """
        buffer = self._buffer
        buffer += data
        while len(buffer) >= self._needed:
            text, payload = _sizes(bytes(buffer[: _HEAD.size]))
            self._needed = _HEAD.size + text + payload
            if len(buffer) < self._needed:
                return
            middle = _HEAD.size + text
            message = decode(bytes(buffer[_HEAD.size : middle]), bytes(buffer[middle : self._needed]))
            del buffer[: self._needed]
            self._needed = _HEAD.size
            self._take(message)


def read_message(read: Callable[[int], bytes]) -> Message | None:
    """The next message of a blocking stream; None when the stream has ended, also in the middle of a message.

    Raises:
        WireError: the bytes are no frame.
    """
    head = read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    text_size, payload_size = _sizes(head)
    text = read(text_size)
    payload = read(payload_size) if payload_size else b""
    if len(text) < text_size or len(payload) < payload_size:
        return None
    return decode(text, payload)


def _sizes(head: bytes) -> tuple[int, int]:
    text, payload = _HEAD.unpack(head)
    if text > LONGEST_TEXT or payload > LONGEST_PAYLOAD:
        raise WireError("Something came that is no message: its length is beyond every limit.")
    return text, payload


def pack_to_data(pack: Pack) -> dict[str, Any]:
    """A node pack as JSON data; `Pack(**data)` is its inverse."""
    return {field.name: getattr(pack, field.name) for field in fields(pack)}
