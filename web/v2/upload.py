"""Receiving an upload: the file goes to the disk as it comes and is hashed on the way."""

from __future__ import annotations

import asyncio
import os
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from aiohttp import BodyPartReader, web

from web.v2.hashing import ContentHash
from web.v2.refusals import RefusalV2, invalid

BLOCK = 2**20  # bytes that are written and hashed at once, on a thread
MOST_FIELD_BYTES = 64 * 2**10  # of all fields but the file
MOST_PARTS = 64


@dataclass(slots=True)
class Upload:
    """A received file, whole and on the disk at `path`; whoever has it moves or removes it."""

    path: Path
    size: int = 0
    hash: str = ""
    file_name: str | None = None  # as the part says it
    media_type: str | None = None  # likewise
    fields: dict[str, str] = field(default_factory=dict[str, str])
    tags: list[str] = field(default_factory=list[str])

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)


async def receive(request: web.Request, staging: Path, limit: int) -> Upload:
    """Read a multipart body with one part `file`, at most `limit` bytes of it.

    Raises:
        RefusalV2: 413 for a larger file, 422 where the body is not as it must be.
        OSError: the disk refuses it.
    """
    if request.content_type != "multipart/form-data" or "boundary" not in (request.headers.get("Content-Type") or ""):
        raise invalid("Send the file as multipart/form-data, in a part named 'file'.")
    if (request.content_length or 0) > limit + MOST_FIELD_BYTES:
        raise _too_large(limit)
    staging.mkdir(parents=True, exist_ok=True)
    upload = Upload(staging / f"{uuid.uuid4().hex}.part")
    try:
        await _read_parts(request, upload, limit)
        if not upload.hash:
            raise invalid("The body has no part named 'file'.")
    except BaseException:
        upload.discard()
        raise
    return upload


async def _read_parts(request: web.Request, upload: Upload, limit: int) -> None:
    try:
        reader = await request.multipart()
        read = fields = 0
        while (part := await reader.next()) is not None:
            read += 1
            if read > MOST_PARTS or not isinstance(part, BodyPartReader):
                raise invalid("The body has more parts than an upload needs.")
            if part.name == "file" and not upload.hash:
                upload.file_name, upload.media_type = part.filename, part.headers.get("Content-Type")
                await _read_file(part, upload, limit)
            else:
                value = await _read_field(part, MOST_FIELD_BYTES - fields)
                fields += len(value)
                _note(upload, part.name, value)
    except ValueError as error:  # aiohttp's word for a body whose parts cannot be told apart
        raise invalid(f"The multipart body cannot be read: {error}.") from None


def _note(upload: Upload, name: str | None, value: str) -> None:
    if name == "tags":
        upload.tags.append(value)
    elif name:
        upload.fields[name] = value


async def _read_field(part: BodyPartReader, limit: int) -> str:
    value = bytearray()
    while chunk := await part.read_chunk():
        value += chunk
        if len(value) > limit:
            raise invalid(f"The fields beside the file are longer than {MOST_FIELD_BYTES:,} bytes.")
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise invalid(f"The field {part.name!r} is not UTF-8.") from None


async def _read_file(part: BodyPartReader, upload: Upload, limit: int) -> None:
    taken = ContentHash()
    file = await asyncio.to_thread(upload.path.open, "xb")
    try:
        block = bytearray()
        while chunk := await part.read_chunk(2**16):
            block += chunk
            upload.size += len(chunk)
            if upload.size > limit:
                raise _too_large(limit)
            if len(block) >= BLOCK:
                await asyncio.to_thread(_store, file, taken, bytes(block))
                block.clear()
        await asyncio.to_thread(_store, file, taken, bytes(block), last=True)
    finally:
        await asyncio.to_thread(file.close)
    upload.hash = taken.result()


def _store(file: BinaryIO, taken: ContentHash, data: bytes, last: bool = False) -> None:
    file.write(data)
    taken.update(data)
    if last:
        file.flush()
        os.fsync(file.fileno())


def _too_large(limit: int) -> RefusalV2:
    what = f"The file is larger than the {limit:,} bytes that this server accepts."
    return RefusalV2(413, "payload_too_large", f"{what} Start it with a larger --max-upload-size.")
