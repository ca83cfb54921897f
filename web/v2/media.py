"""What kind of thing a file is, told by its name."""

from __future__ import annotations

import mimetypes
import re
from pathlib import PurePosixPath

from web.v2.assets import OutputKind

OTHERS = {
    ".webp": "image/webp", ".avif": "image/avif", ".apng": "image/apng", ".flac": "audio/flac", ".opus": "audio/ogg",
    ".ogg": "audio/ogg", ".mp3": "audio/mpeg", ".wav": "audio/wav", ".webm": "video/webm", ".mkv": "video/x-matroska",
    ".mp4": "video/mp4", ".mov": "video/quicktime", ".glb": "model/gltf-binary", ".latent": "application/octet-stream",
    ".safetensors": "application/octet-stream", ".exr": "image/x-exr",
}  # fmt: skip
"""Types that not every system's table has, or that differ between them."""

UNKNOWN = "application/octet-stream"
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")


def media_type(name: str) -> str:
    """The media type of a file, by the ending of its name."""
    suffix = PurePosixPath(name).suffix.lower()
    return OTHERS.get(suffix) or mimetypes.guess_type(f"file{suffix}")[0] or UNKNOWN


def given_media_type(text: str | None, name: str) -> str:
    """A media type that a client gives, without parameters; if it is none, the one of the file's name."""
    bare = (text or "").partition(";")[0].strip().lower()
    return bare if _MEDIA_TYPE.fullmatch(bare) and bare != UNKNOWN else media_type(name)


def output_kind(name: str) -> OutputKind:
    """Which of API v2's kinds of outputs a file is."""
    if name.lower().endswith(".latent"):
        return "latent"
    match media_type(name).partition("/")[0]:
        case "image":
            return "image"
        case "video":
            return "video"
        case "audio":
            return "audio"
        case "text":
            return "text"
        case _:
            return "file"
