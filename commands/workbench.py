"""What every command builds first: the node types, the workspace, the device, the engine."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from commands.errors import UsageProblem
from commands.files import is_folder
from execution.engine import Engine
from execution.registry import Registry
from folders.workspace import Workspace
from models.memory import DeviceError, DeviceMemory

BUNDLED = Path(__file__).resolve().parent.parent / "models" / "bundled"
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def node_types() -> Registry:
    """Every node type that comes with Weft."""
    return Registry.from_modules(["nodes"])


def open_workspace(root: Path, model_dirs: list[Path], output: Path | None = None) -> Workspace:
    """The user's folders.

    Raises:
        UsageProblem: a models folder that is not there, or a file where the workspace should be.
    """
    for folder in model_dirs:
        if not is_folder(folder):
            raise UsageProblem(f"--models-dir {folder} is no folder. Name one that holds checkpoints/, vae/ ...")
    if os.path.lexists(root) and not is_folder(root):
        raise UsageProblem(f"{root} is a file, but a folder is needed there.")
    return Workspace(root, tuple(model_dirs), bundled=BUNDLED, output_dir=output)


def require_writable(folder: Path) -> None:
    """Make sure that results can be written, before minutes are spent on making them; makes no folder.

    Raises:
        UsageProblem: a file is in the way, or the folder is closed to this user.
    """
    there = next(one for one in (folder, *folder.parents) if os.path.lexists(one))
    if not is_folder(there):
        raise UsageProblem(f"{there} is a file, but a folder is needed there.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UsageProblem(f"Nothing can be written into {there}: you have no permission. Name another --output.")


def choose_device(device: str, dtype: str) -> DeviceMemory:
    """The device to compute on.

    Raises:
        UsageProblem: this machine does not have it.
    """
    try:
        return DeviceMemory.choose(device, dtype=DTYPES.get(dtype))
    except DeviceError as error:
        raise UsageProblem(str(error)) from error


def build_engine(registry: Registry, workspace: Workspace, memory: DeviceMemory) -> Engine:
    """An engine whose nodes compute on `memory`'s device, without gradients."""
    return Engine(registry, services=(workspace, memory), files=workspace, thread_context=torch.inference_mode)
