"""Finished results under names of their own: never in place of another."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from models.export.convert import require_room
from models.tuning.lesson import Product


def publish(product: Product, folder: Path, name: str) -> Path:
    """Write a result as `name`, or `name_2`, `name_3` ... where that is taken; returns its path.

    Raises:
        ExportError: the disk has no room.
        OSError: the disk refuses it; nothing is left of it.
    """
    require_room(folder, product.size)
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f".weft-{os.getpid()}-{secrets.token_hex(8)}.tmp"
    try:
        product.make(made)
        return _place(made, folder, name, product.suffix)
    finally:
        if made.is_dir():
            shutil.rmtree(made)
        else:
            made.unlink(missing_ok=True)


def _place(made: Path, folder: Path, name: str, suffix: str) -> Path:
    number = 1
    while True:
        target = folder / f"{name if number == 1 else f'{name}_{number}'}{suffix}"
        number += 1
        try:
            if made.is_dir():
                target.mkdir()  # takes the name, so that nobody else can
                made.replace(target)
            else:
                target.touch(exist_ok=False)
                made.replace(target)
        except FileExistsError:
            continue
        return target
