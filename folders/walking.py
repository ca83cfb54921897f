"""Walking through folders of users, where links may lead anywhere, also back to a folder above."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path


def hidden(name: str) -> bool:
    """Whether the system's own programs would not show a file of this name."""
    return name.startswith(".")


def walk_once(
    base: str | Path, leave_out: Callable[[str], bool] = hidden
) -> Iterator[tuple[str, list[str], list[str]]]:
    """A folder and all those below it, each with the names of its folders and files, sorted.

    Links are followed, and each folder comes once, however many ways lead to it. Folders whose names are to be left
    out are not entered. A folder that is not there, or not readable, has nothing in it.
    """
    seen: set[str] = set()
    for directory, folders, files in os.walk(base, followlinks=True):
        real = os.path.realpath(directory)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not leave_out(name))
        yield directory, folders, sorted(files)
