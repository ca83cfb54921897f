"""A training's folder: which one a job of a name gets, and whether it has ended there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from models.training.files import replacing
from models.tuning.state import FILE as STATE

FINISHED = "finished.json"


def free_folder(wanted: Path) -> Path:
    """The folder itself, or with a number where a finished training lies, which stays as it is."""
    number, free = 1, wanted
    while finished(free) is not None:
        number += 1
        free = wanted.with_name(f"{wanted.name}_{number}")
    return free


def last_folder(wanted: Path) -> Path:
    """Of a training that was begun several times, the last one's folder."""
    number, last = 2, wanted
    while (further := wanted.with_name(f"{wanted.name}_{number}")).is_dir():
        last, number = further, number + 1
    return last


def has_state(folder: Path) -> bool:
    """Whether a training has begun there."""
    return (folder / STATE).is_file()


def finished(folder: Path) -> Mapping[str, object] | None:
    """What is noted of a training that has ended there; None where none has."""
    try:
        return json.loads((folder / FINISHED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def note_finished(folder: Path, result: Path, steps: int, key: str) -> None:
    """Note that a training has ended, where its result lies, and by which settings (`key`) it came about."""
    with replacing(folder / FINISHED) as temporary:
        note = json.dumps({"result": str(result), "steps": steps, "key": key}, indent=2)
        temporary.write_text(f"{note}\n", encoding="utf-8")
