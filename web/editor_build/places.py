"""The folders of the cache, and how something whole is put into one."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

LOCK = "package-lock.json"
INDEX = "index.html"  # the page; the sources have one too, from which it is made
SUMMARY = "build.json"
"""The lock file of the sources; of a build, the page that names its files, and what is told of it."""

UNFINISHED = ".tmp-"
"""Beginning of the names of what is being made."""


@dataclass(frozen=True, slots=True)
class Places:
    """Below the folder of Weft's cache."""

    cache: Path

    @property
    def tarballs(self) -> Path:
        """By the SHA-512 of their content."""
        return self.cache / "editor" / "tarballs"

    @property
    def modules(self) -> Path:
        """Unpacked packages, one folder for each lock file and platform."""
        return self.cache / "editor" / "modules"

    @property
    def builds(self) -> Path:
        """Builds, one folder for each stamp."""
        return self.cache / "editor" / "builds"


@contextmanager
def unfinished(parent: Path) -> Generator[Path]:
    """A new folder in `parent` that is gone afterwards, unless it was moved to its place."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def move_into_place(folder: Path, place: Path) -> None:
    """Give a finished folder its name. If another process was faster, its folder stays: the content is the same.

    Raises:
        OSError: it cannot be moved.
    """
    folder.chmod(0o755)
    try:
        folder.rename(place)
    except OSError:
        if not place.is_dir():
            raise


def mark_used(folder: Path) -> None:
    """Let what is pruned know that a folder is in use."""
    with suppress(OSError):
        os.utime(folder)
