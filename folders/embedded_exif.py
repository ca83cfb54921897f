"""The EXIF texts of a WEBP or JPEG file, read without decoding the picture.

JPEG: segments APP1 that begin with `Exif` (CIPA DC-008). WEBP: the chunk `EXIF` (developers.google.com/speed/webp, RIFF
container). Both hold a TIFF header and a directory of 12-byte entries (TIFF 6.0, section 2).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import BinaryIO

MOST_BYTES = 64 * 2**20  # of the EXIF block; of a WEBP it may be as long as the file
MOST_ENTRIES = 500
MOST_SEGMENTS = 2_000
PREFIX = b"Exif\0\0"
BYTE, ASCII, UNDEFINED = 1, 2, 7  # the types of entries that can hold text
START_OF_SCAN = 0xDA


def exif_texts(file: BinaryIO) -> Iterator[bytes]:
    """The texts of the first directory, as bytes; nothing for files that have none or are damaged."""
    file.seek(0)
    start = file.read(12)
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        block = _of_webp(file)
    elif start[:3] == b"\xff\xd8\xff":
        block = _of_jpeg(file)
    else:
        return
    yield from _entries(block.removeprefix(PREFIX))


def _of_webp(file: BinaryIO) -> bytes:
    for _ in range(MOST_SEGMENTS):
        header = file.read(8)
        if len(header) < 8:
            return b""
        kind, length = struct.unpack("<4sI", header)
        if kind == b"EXIF":
            return file.read(min(length, MOST_BYTES))
        file.seek(length + length % 2, io.SEEK_CUR)
    return b""


def _of_jpeg(file: BinaryIO) -> bytes:
    file.seek(2)
    for _ in range(MOST_SEGMENTS):
        header = file.read(4)
        if len(header) < 4 or header[0] != 0xFF or header[1] == START_OF_SCAN:
            return b""
        length = int.from_bytes(header[2:], "big")
        if header[1] == 0xE1:
            block = file.read(max(length - 2, 0))
            if block.startswith(PREFIX):
                return block
        else:
            file.seek(max(length - 2, 0), io.SEEK_CUR)
    return b""


def _entries(block: bytes) -> Iterator[bytes]:
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None or len(block) < 8:
        return
    (first,) = struct.unpack_from(f"{order}I", block, 4)
    if first + 2 > len(block):
        return
    (count,) = struct.unpack_from(f"{order}H", block, first)
    for place in range(first + 2, first + 2 + 12 * min(count, MOST_ENTRIES), 12):
        if place + 12 > len(block):
            return
        _, kind, length, offset = struct.unpack_from(f"{order}HHII", block, place)
        if kind in (BYTE, ASCII, UNDEFINED):
            at = place + 8 if length <= 4 else offset
            yield block[at : at + length].rstrip(b"\0")
