"""Hashes of content: `blake3:` and 64 hexadecimal digits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from blake3 import blake3

from web.v2.refusals import invalid

_HASH = re.compile(r"blake3:[0-9a-f]{64}")
CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class Hashed:
    """A file's hash, and its state when it was taken."""

    hash: str
    size: int  # bytes
    stamp: int  # of the last change, nanoseconds


class ContentHash:
    """Takes bytes as they come."""

    def __init__(self) -> None:
        self._hasher = blake3()

    def update(self, data: bytes) -> None:
        self._hasher.update(data)

    def result(self) -> str:
        return f"blake3:{self._hasher.hexdigest()}"


def hash_file(path: Path) -> Hashed:
    """Read a file and hash it. Raises OSError."""
    state = path.stat()
    taken = ContentHash()
    size = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            taken.update(chunk)
            size += len(chunk)
    return Hashed(taken.result(), size, state.st_mtime_ns)


def hash_text(text: str) -> str:
    """The hash of a text's UTF-8."""
    taken = ContentHash()
    taken.update(text.encode("utf-8", "surrogatepass"))
    return taken.result()


def checked_hash(value: object) -> str:
    """A hash as a client gives it.

    Raises:
        RefusalV2: it is not one.
    """
    if isinstance(value, str) and _HASH.fullmatch(value):
        return value
    raise invalid("The hash must be 'blake3:' and 64 lower-case hexadecimal digits.")
