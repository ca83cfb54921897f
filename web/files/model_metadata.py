"""What a model file says of itself: its safetensors metadata, and a picture of what it makes.

The format: 8 bytes, the header's length as a little-endian integer; the header, a JSON object whose `__metadata__` maps
texts to texts. https://github.com/huggingface/safetensors
"""

from __future__ import annotations

import base64
import binascii
import io
import json
from pathlib import Path
from typing import Any, BinaryIO, cast

from web.files.pictures import DAMAGED, open_checked
from web.refusal import Refusal

MOST_HEADER_BYTES = 100_000_000  # the limit of the format's own reader
PICTURE_SUFFIXES = (".preview.png", ".png", ".jpg", ".jpeg", ".webp", ".preview.jpg", ".preview.jpeg", ".preview.webp")
COVERS = "ssmd_cover_images"  # metadata: a JSON list of pictures in base64
PREVIEW_SIDE = 1024  # pixels


def read_header(path: Path) -> dict[str, Any] | None:
    """The header of a safetensors file: its metadata, and its tensors by name; None: it is no such file.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(8)
        length = int.from_bytes(start, "little")
        if len(start) < 8 or not 2 <= length <= min(path.stat().st_size - 8, MOST_HEADER_BYTES):
            return None
        try:
            header: Any = json.loads(file.read(length))
        except (ValueError, RecursionError):
            return None
    return cast("dict[str, Any]", header) if isinstance(header, dict) else None


def read_metadata(path: Path) -> dict[str, Any] | None:
    """The metadata of a safetensors file; None: it has none, or is no such file.

    Raises:
        OSError: it cannot be read.
    """
    metadata = (read_header(path) or {}).get("__metadata__")
    return cast("dict[str, Any]", metadata) if isinstance(metadata, dict) else None


def preview_picture(model: Path) -> bytes | None:
    """A WEBP of the picture that lies beside a model file, or is in its metadata; None: there is none that is sound."""
    for suffix in PICTURE_SUFFIXES:
        beside = model.with_name(f"{model.stem}{suffix}")
        if beside.is_file():
            with beside.open("rb") as file:
                return _as_webp(file)
    if model.suffix.lower() not in (".safetensors", ".sft"):
        return None
    try:
        covers: Any = json.loads((read_metadata(model) or {}).get(COVERS, "null"))
    except (ValueError, TypeError, RecursionError):
        return None
    first: Any = cast("list[Any]", covers)[0] if isinstance(covers, list) and covers else None
    if not isinstance(first, str):
        return None
    try:
        return _as_webp(io.BytesIO(base64.b64decode(first.partition("base64,")[2] or first, validate=True)))
    except (binascii.Error, ValueError):
        return None


def _as_webp(file: BinaryIO) -> bytes | None:
    try:
        image = open_checked(file)
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
        image.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
        result = io.BytesIO()
        image.save(result, "WEBP", quality=90, method=2)
    except (Refusal, *DAMAGED):
        return None
    return result.getvalue()
