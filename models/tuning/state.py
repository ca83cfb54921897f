"""A training's state on disk: whole or as it was before, whatever happens while it is written."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models.training.files import replacing
from models.tuning.errors import TuningError

FILE = "state.pt"
VERSION = 1


@dataclass(frozen=True)
class State:
    """Everything that a resumed training goes on from.

    Random numbers need no state of their own: those of a step follow from the seed and the step's number, as does the
    position in the data.
    """

    step: int  # steps learned
    fixed: Mapping[str, Any]  # settings and digests that must be the same when it is resumed
    values: Mapping[str, Tensor]
    average: Mapping[str, Tensor]
    optimizer: Mapping[str, Any]
    scaler: Mapping[str, Any]


def write_state(folder: Path, state: State) -> Path:
    """Replace the state in a job's folder.

    Raises:
        TuningError: the disk refuses it; the state before is still there.
    """
    path = folder / FILE
    try:
        with replacing(path) as temporary:
            torch.save({"version": VERSION, **vars(state)}, temporary)
    except (OSError, RuntimeError) as error:  # torch's writer raises RuntimeError when a disk is full
        before = "The state before is kept." if path.exists() else "Nothing was kept."
        reason = error.strerror if isinstance(error, OSError) else "the disk may be full"
        raise TuningError(
            f"The state of step {state.step} cannot be written to {path} ({reason}). {before} Make room on the disk "
            "and resume."
        ) from error
    return path


def read_state(folder: Path) -> State:
    """The state in a job's folder.

    Raises:
        TuningError: there is none, or it is damaged.
    """
    path = folder / FILE
    if not path.is_file():
        raise TuningError(f"There is nothing to resume in {folder}. Start the training without --resume.")
    try:
        kept: Any = torch.load(path, map_location="cpu", weights_only=True)
        if kept.pop("version") != VERSION:
            raise TuningError(f"{path} was written by another version of Weft. Resume with that version.")
        return State(**kept)
    except (RuntimeError, OSError, EOFError, KeyError, TypeError, AttributeError, pickle.UnpicklingError) as error:
        raise TuningError(f"{path} is damaged and cannot be resumed from. Start again under another name.") from error


def check_fixed(state: State, now: Mapping[str, Any]) -> None:
    """Make sure that a state belongs to the training that resumes from it.

    Raises:
        TuningError: naming what differs.
    """
    differing = [name for name in now if state.fixed.get(name) != now[name]]
    if differing:
        raise TuningError(
            f"This training differs from the one that is to be resumed in {', '.join(differing)}. Set that back, or "
            "start under another name."
        )
