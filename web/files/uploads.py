"""A multipart form with one file, read as it comes: the file to the disk, small fields to memory, all within limits."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol

from aiohttp import BodyPartReader, MultipartReader, web

from web.refusal import Refusal
from web.site import SITE

MAX_PARTS = 64
FIELDS_BYTES = 64 * 2**10  # of all fields but the file
CHUNK = 2**16
BLOCK = 2**20  # bytes that are written and hashed at once, on a thread
TOO_LARGE = "upload_too_large"
UNFINISHED = ".uploading-"  # what the names of files begin with that are still coming


class Digest(Protocol):
    """Takes a file's bytes on their way."""

    def update(self, data: bytes, /) -> object: ...


@dataclass(slots=True)
class Upload:
    """What a form held. Its file is deleted at the end of the `with` block, unless it was moved."""

    path: Path
    received: bool = False  # whether the form had the file
    name: str = ""  # of the file, as the sender calls it
    media_type: str | None = None  # likewise
    size: int = 0  # bytes
    fields: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def field(self, name: str) -> str:
        """A field's text; the last one of several, "" where there is none."""
        return self.fields.get(name, [""])[-1]

    def __enter__(self) -> Upload:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.path.unlink(missing_ok=True)


def unfinished(folder: Path) -> Path:
    """A new name for a file that is not whole yet; what a killed server leaves under one is removed at the start."""
    return folder / f"{UNFINISHED}{secrets.token_hex(8)}"


async def receive(
    request: web.Request, folder: Path, file_field: str, limit: int, digest: Digest | None = None
) -> Upload:
    """Read a form; its file lies in `folder` then, and `digest` has seen it.

    Raises:
        Refusal: 400 for what is no such form; 413 for a file of more than `limit` bytes, too many or too long fields.
        OSError: the disk does not take it.
    """
    if not request.content_type.startswith("multipart/"):
        raise _no_form("The body is not a multipart form.")
    if (request.content_length or 0) > limit + FIELDS_BYTES:
        raise _too_large(limit)
    upload = Upload(unfinished(folder))
    try:
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        await _read_parts(request, upload, file_field, limit, digest)
    except ValueError as error:  # no boundary, no line ends, unknown encodings, a header without a colon ...
        upload.path.unlink(missing_ok=True)
        raise _no_form("The multipart form cannot be read.") from error
    except BaseException:
        upload.path.unlink(missing_ok=True)
        raise
    return upload


async def remove_unfinished(app: web.Application) -> None:
    """Delete what a server that was killed had received in part. For `on_startup`: nothing is coming in yet."""
    folder = app[SITE].workspace.folder("temp")

    def remove() -> None:
        for path in folder.glob(f"{UNFINISHED}*"):
            path.unlink(missing_ok=True)

    with contextlib.suppress(OSError):  # it only takes room
        await asyncio.to_thread(remove)


async def _read_parts(request: web.Request, upload: Upload, file_field: str, limit: int, digest: Digest | None) -> None:
    reader = await request.multipart()
    left = FIELDS_BYTES
    for _ in range(MAX_PARTS):
        part = await reader.next()
        if part is None:
            return
        if isinstance(part, MultipartReader):
            raise _no_form("The multipart form has a form within it.")
        if part.name == file_field:
            if upload.received:
                raise _no_form(f"'{file_field}' comes twice.")
            upload.received, upload.name = True, part.filename or ""
            upload.media_type = part.headers.get("Content-Type")
            await _save(part, upload, limit, digest)
        else:
            data = await _read_field(part, left)
            left -= len(data)
            if part.name:
                upload.fields.setdefault(part.name, []).append(data.decode("utf-8", "replace"))
    raise Refusal(413, "too_many_parts", f"The form has more than {MAX_PARTS} parts.", "Send only what is documented.")


async def _save(part: BodyPartReader, upload: Upload, limit: int, digest: Digest | None) -> None:
    """Write a part to a new file, never more than a block of it in memory."""
    file: BinaryIO = await asyncio.to_thread(upload.path.open, "xb")
    try:
        block = bytearray()
        while chunk := await part.read_chunk(CHUNK):
            block += chunk
            upload.size += len(chunk)
            if upload.size > limit:
                raise _too_large(limit)
            if len(block) >= BLOCK:
                await asyncio.to_thread(_store, file, bytes(block), digest)
                block.clear()
        await asyncio.to_thread(_store, file, bytes(block), digest, last=True)
    finally:
        await asyncio.to_thread(file.close)


def _store(file: BinaryIO, data: bytes, digest: Digest | None, last: bool = False) -> None:
    file.write(data)
    if digest is not None:
        digest.update(data)
    if last:
        file.flush()
        os.fsync(file.fileno())


async def _read_field(part: BodyPartReader, limit: int) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(CHUNK):
        data += chunk
        if len(data) > limit:
            what = f"The fields beside the file are longer than {FIELDS_BYTES:,} bytes."
            raise Refusal(413, "field_too_large", what, "Send only what is documented.")
    return bytes(data)


def _no_form(what: str) -> Refusal:
    return Refusal(400, "invalid_form", what, "Send multipart/form-data as the documentation at /docs says.")


def _too_large(limit: int) -> Refusal:
    what = f"The file is larger than the {limit:,} bytes that are accepted."
    return Refusal(413, TOO_LARGE, what, "Make it smaller, or raise --max-upload-size.")
