"""What is removed from the cache: builds and packages that have not been used of late, and what was left unfinished."""

from __future__ import annotations

import shutil
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from web.editor_build.places import UNFINISHED, Places

BUILDS = 3
MODULES = 2
FRESH_SECONDS = 3600.0  # within that, somebody may be about to use it
UNUSED_TARBALL_SECONDS = 7 * 86_400.0


def prune(places: Places, tarballs_in_use: Collection[Path]) -> None:
    """Remove what is old. Whatever cannot be removed stays."""
    for folder, keep in ((places.builds, BUILDS), (places.modules, MODULES)):
        with suppress(OSError):
            _prune_folders(folder, keep)
    with suppress(OSError):
        for path in places.tarballs.iterdir():
            limit = FRESH_SECONDS if path.name.startswith(UNFINISHED) else UNUSED_TARBALL_SECONDS
            if path not in tarballs_in_use and _age(path) > limit:
                path.unlink(missing_ok=True)


def _prune_folders(folder: Path, keep: int) -> None:
    """Keep the folders used last, and all that were used just now."""
    whole = [path for path in folder.iterdir() if not path.name.startswith(UNFINISHED)]
    unfinished = [path for path in folder.rglob(f"{UNFINISHED}*") if path.parent in (folder, *whole)]
    for path in [*sorted(whole, key=_age)[keep:], *unfinished]:
        if _age(path) > FRESH_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def _age(path: Path) -> float:
    """Seconds since a build or a package was used, as its time of change says."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0
