"""The workflow that a picture carries: reading it out of PNG, WEBP and JPEG files, writing it into ours.

PNG: text chunks `prompt` and `workflow` (the PNG specification, third edition, section 11.3.3). Others: EXIF texts
that begin with `prompt:` or `workflow:`.
"""

import io
import json
import re
import struct
import warnings
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from PIL import Image as Pillow

from nodes.pictures import DAMAGE

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_TEXT = 64 * 2**20  # bytes of one text, unpacked: a hundred times the largest workflow seen
PNG_KEYWORD = re.compile(r"[\x20-\x7e\xa1-\xff]{1,79}")
KEYS = ("prompt", "workflow")


class MetadataError(ValueError):
    """A picture from which no workflow can be read; the text is a sentence for people."""


class Embedded(NamedTuple):
    """What a picture carries, as JSON text; at least one of the two."""

    prompt: str | None
    workflow: str | None


def read_embedded(source: Path | bytes) -> Embedded:
    """The workflow texts of a picture file.

    Raises:
        MetadataError: there are none, or the file is damaged.
        OSError: the file cannot be read.
    """
    name = source.name if isinstance(source, Path) else "The picture"
    with source.open("rb") if isinstance(source, Path) else io.BytesIO(source) as file:
        start = file.read(len(PNG_SIGNATURE))
        file.seek(0)
        texts = _png_texts(file, name) if start == PNG_SIGNATURE else _exif_texts(file, name)
    if not texts:
        raise MetadataError(
            f"{name} carries no workflow: it was saved without one, or a program that handled it later took it out. "
            "Use the file as it was first saved."
        )
    return Embedded(texts.get("prompt"), texts.get("workflow"))


def embedded_texts(prompt: Mapping[str, Any] | None, extra: Mapping[str, Any] | None) -> dict[str, str]:
    """What a file that we save carries: the API prompt and each entry of extra_pnginfo, as ASCII JSON.

    Entries whose name a PNG cannot hold (more than 79 characters, or not Latin-1) are left out.
    """
    texts = {} if prompt is None else {"prompt": json.dumps(prompt)}
    named = {name: json.dumps(value) for name, value in (extra or {}).items() if PNG_KEYWORD.fullmatch(name)}
    return texts | named


def _png_texts(file: BinaryIO, name: str) -> dict[str, str]:
    texts: dict[str, str] = {}
    try:
        for kind, data in _png_chunks(file, name):
            keyword, _, rest = data.partition(b"\0")
            key = keyword.decode("latin-1")
            if key in KEYS:
                texts[key] = _text(kind, rest, name)
    except MetadataError:
        if not texts:
            raise
    return texts


def _png_chunks(file: BinaryIO, name: str) -> Iterator[tuple[bytes, bytes]]:
    """The text chunks of a PNG; others are skipped without reading them."""
    file.seek(0, io.SEEK_END)
    size = file.tell()
    file.seek(len(PNG_SIGNATURE))
    while True:
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
    """UTF-8, which many programs write although the format says Latin-1, else Latin-1."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _exif_texts(file: BinaryIO, name: str) -> dict[str, str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd EXIF and large pictures; nothing is unpacked here
            with Pillow.open(file) as picture:
                values = list(picture.getexif().values())
    except (*DAMAGE, Pillow.DecompressionBombError) as error:
        raise MetadataError(
            f"{name} is not a picture that can carry a workflow: a PNG, WEBP or JPEG file is needed."
        ) from error
    texts: dict[str, str] = {}
    for value in values:
        if isinstance(value, str):
            value = value.encode("latin-1", "replace")  # as Pillow decoded it
        if not isinstance(value, bytes):
            continue
        key, colon, rest = _decoded(value).partition(":")
        if colon and key.strip().lower() in KEYS:
            texts[key.strip().lower()] = rest.rstrip("\0")
    return texts
