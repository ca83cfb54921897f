"""A multipart form with one file, read as it comes: the file to the disk, small fields to memory, all within limits."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from aiohttp import BodyPartReader, MultipartReader, web

from web.refusal import Refusal
from web.site import SITE

MAX_PARTS = 32
FIELD_BYTES = 64 * 2**10
CHUNK = 2**18
UNFINISHED = ".uploading-"  # what the names of files begin with that are still coming


@dataclass(slots=True)
class Upload:
    """What a form held. Its file is deleted at the end of the `with` block, unless it was moved."""

    path: Path
    name: str = ""  # of the file, as the sender calls it; empty: there was none
    fields: dict[str, str] = field(default_factory=dict[str, str])

    def __enter__(self) -> Upload:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.path.unlink(missing_ok=True)


async def receive(request: web.Request, folder: Path, file_field: str, limit: int) -> Upload:
    """Read a form; its file lies in `folder` then.

    Raises:
        Refusal: 400 for what is no such form, 413 for more than `limit` bytes or 32 parts.
        OSError: the disk does not take it.
    """
    if not request.content_type.startswith("multipart/"):
        raise _no_form("The body is not a multipart form.")
    if (request.content_length or 0) > limit + MAX_PARTS * FIELD_BYTES:
        raise too_large(limit)
    upload = Upload(folder / f"{UNFINISHED}{secrets.token_hex(8)}")
    try:
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        await _read_parts(request, upload, file_field, limit)
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


async def _read_parts(request: web.Request, upload: Upload, file_field: str, limit: int) -> None:
    reader = await request.multipart()
    for _ in range(MAX_PARTS):
        part = await reader.next()
        if part is None:
            return
        if isinstance(part, MultipartReader):
            raise _no_form("The multipart form has a form within it.")
        if part.name == file_field:
            if upload.name or not part.filename:
                raise _no_form(f"'{file_field}' has no file name, or comes twice.")
            upload.name = part.filename
            await _save(part, upload.path, limit)
        elif part.name:
            upload.fields[part.name] = await _text(part)
    raise Refusal(413, "too_many_parts", f"The form has more than {MAX_PARTS} parts.", "Send only what is documented.")


async def _save(part: BodyPartReader, path: Path, limit: int) -> None:
    """Write a part to a new file, never more than a chunk of it in memory."""
    file: BinaryIO = await asyncio.to_thread(path.open, "xb")
    try:
        size = 0
        while chunk := await part.read_chunk(CHUNK):
            size += len(chunk)
            if size > limit:
                raise too_large(limit)
            await asyncio.to_thread(file.write, chunk)
    finally:
        await asyncio.to_thread(file.close)


async def _text(part: BodyPartReader) -> str:
    data = bytearray()
    while chunk := await part.read_chunk(CHUNK):
        data += chunk
        if len(data) > FIELD_BYTES:
            what = f"The field '{(part.name or '')[:40]}' is longer than {FIELD_BYTES:,} bytes."
            raise Refusal(413, "field_too_large", what, "Send only what is documented.")
    return data.decode("utf-8", "replace")


def _no_form(what: str) -> Refusal:
    return Refusal(400, "invalid_form", what, "Send multipart/form-data as the documentation at /docs says.")


def too_large(limit: int) -> Refusal:
    what = f"The file is larger than the {limit:,} bytes that are accepted."
    return Refusal(413, "upload_too_large", what, "Make it smaller, or raise --max-upload-size.")
