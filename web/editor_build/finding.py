"""Finding a build that is there already; all that the server itself needs of this package."""

from __future__ import annotations

import json
from pathlib import Path

from web.editor_build.cache_folder import usual_cache, writable_cache
from web.editor_build.places import INDEX, SUMMARY, Places, mark_used
from web.editor_build.problem import BuildProblem


def find_build(places: Places, stamp: str) -> Path | None:
    """The folder of a build that is there already."""
    folder = places.builds / stamp
    if not (folder / INDEX).is_file():
        return None
    mark_used(folder)
    return folder


def usual_places(cache: Path | None = None) -> Places:
    """Weft's cache on this machine. Raises OSError where nothing can be written."""
    return Places(writable_cache(cache or usual_cache()))


def stamp_of(build: Path) -> str:
    """The stamp that a build's page names; the folder may have got another name since.

    Raises:
        OSError, ValueError, KeyError: it is no complete build.
    """
    return str(json.loads((build / SUMMARY).read_bytes())["stamp"])


def prebuilt(folder: Path) -> Path:
    """A build that somebody made elsewhere and copied here.

    Raises:
        BuildProblem: the folder holds none.
    """
    if not (folder / INDEX).is_file() or not (folder / SUMMARY).is_file():
        raise BuildProblem(
            f"The folder {folder}, which --editor names, holds no build of the editor.",
            "Name a folder that python -m web.build --print has printed, or leave --editor away.",
        )
    return folder
