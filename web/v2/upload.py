"""Receiving an upload: hashed on its way to the disk, refused in the words of API v2."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from web.files.uploads import TOO_LARGE, Upload
from web.files.uploads import receive as receive_form
from web.refusal import Refusal
from web.v2.hashing import ContentHash
from web.v2.refusals import RefusalV2, invalid


@dataclass(frozen=True, slots=True)
class Blob:
    """A file, whole and on the disk, that is to become an asset; whoever has it moves or removes it."""

    path: Path
    size: int  # bytes
    hash: str
    media_type: str | None = None  # as its sender says


async def receive(request: web.Request, folder: Path, limit: int) -> tuple[Upload, Blob]:
    """Read a multipart body with one part `file`, at most `limit` bytes of it.

    Raises:
        RefusalV2: 413 for a larger file, 422 where the body is not as it must be.
        OSError: the disk refuses it.
    """
    taken = ContentHash()
    try:
        upload = await receive_form(request, folder, "file", limit, taken)
    except Refusal as refusal:
        said = f"{refusal.message} {refusal.remedy}"
        raise (RefusalV2(413, "payload_too_large", said) if refusal.type == TOO_LARGE else invalid(said)) from None
    if not upload.received:
        raise invalid("The body has no part named 'file'.")
    media_type = upload.field("content_type") or upload.media_type
    return upload, Blob(upload.path, upload.size, taken.result(), media_type)
