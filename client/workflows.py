"""Workflows as people have them: a JSON file, a picture that carries one, a dictionary."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, cast

from client.errors import WeftError

Workflow = str | PathLike[str] | Mapping[str, Any]
"""A path of a `.json` or `.png` file, or the workflow itself, in API or UI format."""

PNG = b"\x89PNG\r\n\x1a\n"
MOST_TEXT = 64 * 2**20  # bytes of a workflow in a picture


def read_workflow(source: Workflow) -> dict[str, Any]:
    """The workflow.

    Raises:
        WeftError: the file cannot be read, or holds none.
    """
    if isinstance(source, Mapping):
        return dict(source)
    path = Path(source)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeftError(f"The workflow {path} cannot be read: {error.strerror or error}.") from error
    if data.startswith(PNG):
        texts = png_texts(data)
        text = texts.get("prompt") or texts.get("workflow")
        if text is None:
            raise WeftError(f"The picture {path} carries no workflow. It may have been saved anew by another program.")
    else:
        text = data.decode("utf-8-sig", "replace")
    try:
        found: Any = json.loads(text)
    except ValueError as error:
        raise WeftError(f"The workflow in {path} is not JSON: {error}.") from None
    if not isinstance(found, dict):
        raise WeftError(f"The workflow in {path} is not a JSON object. Save it again from the editor.")
    return cast("dict[str, Any]", found)


def png_texts(data: bytes) -> dict[str, str]:
    """The texts of a PNG file by their keywords. https://www.w3.org/TR/png-3/#11textinfo"""
    texts: dict[str, str] = {}
    place = len(PNG)
    while place + 8 <= len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        kind, content = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        place += 12 + length
        key, _, rest = content.partition(b"\0")
        if kind == b"tEXt":
            texts[key.decode("latin-1")] = rest.decode("latin-1")
        elif kind == b"iTXt" and len(rest) > 2:
            body = rest[2:].split(b"\0", 2)[-1]
            texts[key.decode("latin-1")] = (_inflated(body) if rest[0] else body).decode("utf-8", "replace")
    return texts


def _inflated(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, MOST_TEXT)
    except zlib.error:
        return b""
