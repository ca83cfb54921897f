"""Content types of the files that front ends and node packs are made of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from web.files.media_types import DOWNLOADED, SHOWN

TYPES: Mapping[str, str] = {
    **SHOWN,
    ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".json": "application/json",
    ".map": "application/json", ".md": "text/markdown; charset=utf-8", ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml", ".ico": "image/x-icon", ".woff": "font/woff", ".woff2": "font/woff2", ".ttf": "font/ttf",
    ".otf": "font/otf", ".wasm": "application/wasm", ".webmanifest": "application/manifest+json",
}  # fmt: skip
"""Told by the name and not by this machine's registry, which may call a script plain text and so break the page."""


def site_type(name: str) -> str:
    """The content type of a page's file; these come with a program, never from an upload."""
    return TYPES.get(PurePath(name).suffix.lower(), DOWNLOADED)
