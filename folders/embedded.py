"""The workflow that a saved file carries: read out of PNG, WEBP and JPEG pictures and of safetensors files.

PNG: text chunks `prompt` and `workflow` (the PNG specification, third edition, section 11.3.3). WEBP and JPEG: EXIF
texts that begin with `prompt:` or `workflow:`. safetensors, which `.latent` files are: entries of the metadata. Beside
them may be `weft`, the provenance (docs/provenance.md). Nothing but these texts is read, and no text is unpacked beyond
a limit.
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from folders.embedded_exif import exif_texts

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_TEXT = 64 * 2**20  # bytes of one text, unpacked: a hundred times the largest workflow seen
PROVENANCE = "weft"
KEYS = ("prompt", "workflow", PROVENANCE)
MOST_TEXTS = 8  # under these keys in one file, each of which may have to be unpacked; of one key the last counts
MOST_CHUNKS = 200_000  # of a PNG; cameras' and programs' large pictures have some thousands
PICTURES = (b"RIFF", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*")
"""How pictures that are no PNG begin."""


class MetadataError(ValueError):
    """A file from which no workflow can be read; the text is a sentence for people."""


class Embedded(NamedTuple):
    """What a file carries, as JSON text; at least one of the two."""

    prompt: str | None
    workflow: str | None


def read_embedded(source: Path | bytes) -> Embedded:
    """The workflow texts of a file.

    Raises:
        MetadataError: there are none, or the file is damaged.
        OSError: the file cannot be read.
    """
    name = source.name if isinstance(source, Path) else "The picture"
    with source.open("rb") if isinstance(source, Path) else io.BytesIO(source) as file:
        texts = _texts(file, name)
    if texts.keys() <= {PROVENANCE}:
        raise MetadataError(
            f"{name} carries no workflow: it was saved without one, or a program that handled it later took it out. "
            "Use the file as it was first saved."
        )
    return Embedded(texts.get("prompt"), texts.get("workflow"))


def read_provenance(source: Path) -> str | None:
    """The text in which Weft says where a picture came from; None where the file has none.

    Raises:
        MetadataError: the file is damaged, or no picture.
        OSError: the file cannot be read.
    """
    with source.open("rb") as file:
        return _texts(file, source.name).get(PROVENANCE)


def _texts(file: BinaryIO, name: str) -> dict[str, str]:
    start = file.read(9)
    if start.startswith(PNG_SIGNATURE):
        return _png_texts(file, name)
    if start.startswith(PICTURES):
        return _exif_texts(file)
    if start[8:9] == b"{":
        return _safetensors_texts(file, name)
    raise MetadataError(
        f"{name} is not a picture that can carry a workflow: a PNG, WEBP or JPEG file is needed, or a .latent file."
    )


def _png_texts(file: BinaryIO, name: str) -> dict[str, str]:
    texts: dict[str, str] = {}
    read = 0
    try:
        for kind, data in _png_chunks(file, name):
            keyword, _, rest = data.partition(b"\0")
            key = keyword.decode("latin-1")
            if key in KEYS:
                texts[key] = _text(kind, rest, name)
                read += 1
            if read == MOST_TEXTS:
                break
    except MetadataError:
        if not texts:
            raise
    return texts


def _png_chunks(file: BinaryIO, name: str) -> Iterator[tuple[bytes, bytes]]:
    """The text chunks of a PNG; others are skipped without reading them."""
    file.seek(0, io.SEEK_END)
    size = file.tell()
    file.seek(len(PNG_SIGNATURE))
    for _ in range(MOST_CHUNKS):
        header = file.read(8)
        if len(header) < 8:
            raise MetadataError(f"{name} is cut off before its end. Download or copy it again.")
        length, kind = struct.unpack(">I4s", header)
        if length + 4 > size - file.tell():
            raise MetadataError(f"{name} is cut off or damaged: a part of it claims {length:,} bytes. Copy it again.")
        if kind == b"IEND":
            return
        if kind not in (b"tEXt", b"zTXt", b"iTXt") or length > MAX_TEXT:
            file.seek(length + 4, io.SEEK_CUR)
            continue
        data = file.read(length)
        (checksum,) = struct.unpack(">I", file.read(4))
        if zlib.crc32(kind + data) != checksum:
            raise MetadataError(f"{name} is damaged: a text in it does not fit its checksum. Copy it again.")
        yield kind, data
    raise MetadataError(f"{name} has more than {MOST_CHUNKS:,} parts, as no picture has. It is refused.")


def _text(kind: bytes, rest: bytes, name: str) -> str:
    """The text of a chunk, given what follows the keyword."""
    packed = kind == b"zTXt"
    if packed:
        rest = rest[1:]  # the compression method, of which there is one
    elif kind == b"iTXt":
        packed, rest = rest[:1] == b"\1", rest[2:]
        rest = rest.partition(b"\0")[2].partition(b"\0")[2]  # language and translated keyword
    return _decoded(_unpacked(rest, name) if packed else rest)


def _unpacked(data: bytes, name: str) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(data, MAX_TEXT)
    except zlib.error as error:
        raise MetadataError(f"{name} is damaged: its workflow cannot be unpacked ({error}). Copy it again.") from error
    if unpacker.unconsumed_tail:
        raise MetadataError(f"The workflow in {name} would unpack to more than {MAX_TEXT >> 20} MiB. It is refused.")
    return text


def _decoded(data: bytes) -> str:
    """UTF-8, which many programs write although the formats say otherwise, else Latin-1."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _exif_texts(file: BinaryIO) -> dict[str, str]:
    texts: dict[str, str] = {}
    for value in exif_texts(file):
        key, colon, rest = _decoded(value).partition(":")
        if colon and key.strip().lower() in KEYS:
            texts[key.strip().lower()] = rest
    return texts


def _safetensors_texts(file: BinaryIO, name: str) -> dict[str, str]:
    file.seek(0)
    length = int.from_bytes(file.read(8), "little")
    data = file.read(min(length, MAX_TEXT)) if length <= MAX_TEXT else b""
    try:
        header: Any = json.loads(data)
    except (ValueError, RecursionError):
        raise MetadataError(f"{name} is damaged: it has no header that can be read. Copy it again.") from None
    entries: Any = cast("dict[str, Any]", header).get("__metadata__") if isinstance(header, dict) else None
    found = cast("dict[str, Any]", entries) if isinstance(entries, dict) else {}
    return {key: text for key in KEYS if isinstance(text := found.get(key), str)}
