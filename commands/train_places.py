"""Where a training finds its model and pictures, and where it puts what it makes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from commands.errors import UsageProblem
from commands.files import is_folder, write_whole
from folders.safe_paths import UnsafeNameError
from folders.workspace import Workspace
from models.tuning.lesson import ResultKind
from models.tuning.preparing import Job
from models.tuning.settings import Settings
from models.tuning.state import FILE as STATE

FINISHED = "finished.json"
KINDS: tuple[ResultKind, ...] = ("loras", "embeddings", "checkpoints", "diffusers")


def place_job(settings: Settings, config: Path, workspace: Workspace, resume: bool) -> Job:
    """The job of a configuration file; paths in it are relative to the file.

    Raises:
        UsageProblem: there is no such model, or the job's folder holds another job.
    """
    beside = config.absolute().parent
    wanted = beside / Path(settings.output).expanduser() if settings.output else workspace.root / "training"
    return Job(
        settings,
        find_model(settings.model, beside, workspace),
        (beside / Path(settings.data.folder).expanduser()).resolve(),
        _job_folder(wanted / settings.name, resume),
        _result_folders(workspace),
    )


def find_model(name: str, beside: Path, workspace: Workspace) -> Path:
    """A checkpoint by its path, or by its name among the checkpoints and the folders of diffusers.

    Raises:
        UsageProblem: there is none.
    """
    path = beside / Path(name).expanduser()
    if path.exists():
        return path
    for kind in ("checkpoints", "diffusers"):
        try:
            return workspace.model(kind, name)
        except (UnsafeNameError, FileNotFoundError):
            continue
    raise UsageProblem(
        f"model: there is no {name!r}, neither as a path from {beside} nor in "
        f"{workspace.model_folders('checkpoints')[0]}. Write the path of a checkpoint, or its name there."
    )


def _job_folder(folder: Path, resume: bool) -> Path:
    """The folder itself; for a new job a number is added where a finished one lies, which stays as it is."""
    if os.path.lexists(folder) and not is_folder(folder):
        raise UsageProblem(f"{folder} is a file, but a folder is needed there. Name another output.")
    if resume:
        return _last(folder)
    number, free = 1, folder
    while finished(free) is not None:
        number += 1
        free = folder.with_name(f"{folder.name}_{number}")
    if (free / STATE).is_file():
        raise UsageProblem(
            f"{free} holds a training that has not ended. Add --resume to go on with it, or give this one another name."
        )
    return free


def _last(folder: Path) -> Path:
    """Of a job that was begun several times, the last one's folder."""
    number = 2
    while (further := folder.with_name(f"{folder.name}_{number}")).is_dir():
        folder, number = further, number + 1
    return folder


def finished(folder: Path) -> Mapping[str, object] | None:
    """What is noted of a finished job; None of one that is not."""
    try:
        return json.loads((folder / FINISHED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def note_finished(folder: Path, result: Path, steps: int) -> None:
    """Note that a job has ended, and where its result lies."""
    note = json.dumps({"result": str(result), "steps": steps}, indent=2)
    write_whole(folder / FINISHED, f"{note}\n".encode())


def _result_folders(workspace: Workspace) -> dict[ResultKind, Path]:
    """Where the loaders find each kind at once."""
    return {kind: workspace.model_folders(kind)[0] for kind in KINDS}
