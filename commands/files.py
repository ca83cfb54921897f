"""Files that a command writes where the user says: whole or not at all, and never over another."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Write `path` in one stroke: a reader sees the old content or the new one, also after a power cut.

    Raises:
        OSError: the folder cannot be made or the disk refuses the file; nothing has changed then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not path.is_file():  # a device or a pipe, whose place no file may take
        path.write_bytes(content)
        return
    temporary = path.with_name(f".weft-{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def move_to_free_name(file: Path, wanted: Path) -> Path:
    """Move `file` to `wanted`, or to `wanted` with the next free number where that name is taken; returns the name."""
    wanted.parent.mkdir(parents=True, exist_ok=True)
    number = 1
    target = wanted
    while True:
        try:
            target.touch(exist_ok=False)  # takes the name, so that nothing else can between here and the move
        except FileExistsError:
            number += 1
            target = wanted.with_stem(f"{wanted.stem}_{number}")
        else:
            shutil.move(file, target)
            return target


def is_folder(path: Path) -> bool:
    """Whether a path names a folder; False also for names that the system refuses (too long, say)."""
    try:
        return path.is_dir()
    except OSError:
        return False
