"""Which files a browser may show, told by their names; all others are only ever downloaded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Literal
from urllib.parse import quote

Medium = Literal["image", "video", "audio"]

SHOWN: Mapping[str, str] = {
    ".png": "image/png", ".apng": "image/apng", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp",
    ".gif": "image/gif", ".bmp": "image/bmp", ".avif": "image/avif", ".tif": "image/tiff", ".tiff": "image/tiff",
    ".mp4": "video/mp4", ".m4v": "video/mp4", ".webm": "video/webm", ".mov": "video/quicktime", ".ogv": "video/ogg",
    ".mkv": "video/x-matroska", ".avi": "video/x-msvideo",
    ".mp3": "audio/mpeg", ".wav": "audio/wav", ".flac": "audio/flac", ".ogg": "audio/ogg", ".oga": "audio/ogg",
    ".opus": "audio/ogg", ".m4a": "audio/mp4", ".aac": "audio/aac",
}  # fmt: skip
"""SVG is not among them: it can hold scripts. With `nosniff`, a page that goes by one of these names stays inert."""

DOWNLOADED = "application/octet-stream"


def media_type(name: str) -> str:
    """The content type that a file is served with."""
    return SHOWN.get(PurePath(name).suffix.lower(), DOWNLOADED)


def medium(name: str) -> Medium | None:
    """Whether a file is a picture, a film or a sound; None: something else."""
    match media_type(name).split("/")[0]:
        case "image":
            return "image"
        case "video":
            return "video"
        case "audio":
            return "audio"
        case _:
            return None


def file_headers(name: str, type: str | None = None) -> dict[str, str]:
    """Headers for a file of a name; what a browser may not show is an attachment."""
    chosen = type or media_type(name)
    place = "attachment; " if chosen == DOWNLOADED else ""
    plain = "".join(c if " " <= c <= "~" and c not in '"\\%' else "_" for c in name)
    disposition = f'{place}filename="{plain}"'
    if plain != name:
        disposition += (
            f"; filename*=UTF-8''{quote(name, safe='', errors='replace')}"  # RFC 6266, for names beyond ASCII
        )
    return {"Content-Type": chosen, "Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"}
