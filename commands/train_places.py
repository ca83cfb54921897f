"""Where a training finds its model and pictures, and where it puts what it makes."""

from __future__ import annotations

import os
from pathlib import Path

from commands.errors import UsageProblem
from commands.files import is_folder
from folders.safe_paths import UnsafeNameError
from folders.workspace import Workspace
from models.tuning.job_folder import free_folder, has_state, last_folder
from models.tuning.lesson import ResultKind
from models.tuning.preparing import Job
from models.tuning.settings import Settings

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
    if os.path.lexists(folder) and not is_folder(folder):
        raise UsageProblem(f"{folder} is a file, but a folder is needed there. Name another output.")
    if resume:
        return last_folder(folder)
    free = free_folder(folder)
    if has_state(free):
        raise UsageProblem(
            f"{free} holds a training that has not ended. Add --resume to go on with it, or give this one another name."
        )
    return free


def _result_folders(workspace: Workspace) -> dict[ResultKind, Path]:
    """Where the loaders find each kind at once."""
    return {kind: workspace.model_folders(kind)[0] for kind in KINDS}
