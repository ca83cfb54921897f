"""Giving an uploaded file its place: one name for one content, and nothing ever half there."""

from __future__ import annotations

import errno
import os
import shutil
from hashlib import file_digest
from pathlib import Path

from web.files.disk import sync_folder, temporary_beside


def place(source: Path, target: Path, overwrite: bool) -> Path:
    """Move `source` to `target`, or to `name (1).ext`, `name (2).ext` ... where other content has the name.

    The same content under one of these names is not written again. Returns where the content is.

    Raises:
        OSError: it cannot be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _sync(source)
    if overwrite:
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, "A folder has that name")
        _move(source, target)
        return target
    digest: bytes | None = None
    number = 0
    while True:
        chosen = target if number == 0 else target.with_name(f"{target.stem} ({number}){target.suffix}")
        try:
            chosen.open("xb").close()  # takes the name: of two uploads at once, each gets its own
        except FileExistsError:
            if chosen.is_file() and chosen.stat().st_size == source.stat().st_size:
                digest = digest or _digest(source)
                if _digest(chosen) == digest:
                    return chosen
            number += 1
            continue
        try:
            _move(source, chosen)
        except BaseException:
            chosen.unlink(missing_ok=True)
            raise
        return chosen


def _move(source: Path, target: Path) -> None:
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        temporary = temporary_beside(target)  # another disk: copied first, then put in place
        try:
            shutil.copyfile(source, temporary)
            _sync(temporary)
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    sync_folder(target.parent)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return file_digest(file, "sha256").digest()
