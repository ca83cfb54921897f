"""The user's own SDXL checkpoints, told by the tensors in their files and not by what the files are called."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from execution.workflow.document import as_list, as_map
from folders.safe_paths import UnsafeNameError
from folders.workspace import Workspace
from web.files.model_metadata import read_header

USUAL_NAMES = ("sd_xl_base_1.0.safetensors", "sd_xl_refiner_1.0.safetensors")
NATIVE_SIZE = 1024  # pixels of a side, of SDXL's pictures; a file may say otherwise
SIZE_KEY = "weft.native_size"
LOOKED_AT = 40  # files whose headers are read, some milliseconds each

NETWORK = "model.diffusion_model.input_blocks.0.0.weight"  # [channels, 4, 3, 3]; more than 4 are for inpainting
LARGE_ENCODER = (
    "conditioner.embedders.{}.model.ln_final.weight"  # OpenCLIP-bigG: the base's second, the refiner's first
)


@dataclass(frozen=True, slots=True)
class OwnCheckpoint:
    """A checkpoint that a template can use."""

    name: str  # as `ckpt_name` takes it
    native_size: int  # pixels


@dataclass(frozen=True, slots=True)
class OwnCheckpoints:
    """The user's SDXL base and refiner, as far as there are any."""

    base: OwnCheckpoint | None = None
    refiner: OwnCheckpoint | None = None


def own_checkpoints(workspace: Workspace) -> OwnCheckpoints:
    """Look for them, under the usual names first, then by the alphabet. Blocks."""
    names = workspace.list_files("checkpoints")
    refiners = [name for name in names if "refiner" in name.casefold()]
    others = [name for name in names if "refiner" not in name.casefold()]
    return OwnCheckpoints(_first(workspace, others, _is_base), _first(workspace, refiners, _is_refiner))


def _first(
    workspace: Workspace, names: Iterable[str], wanted: Callable[[Mapping[str, Any]], bool]
) -> OwnCheckpoint | None:
    safe = (name for name in names if name.endswith((".safetensors", ".sft")))
    order = sorted(safe, key=lambda name: (not name.endswith(USUAL_NAMES), "xl" not in name.casefold(), name))
    for name in order[:LOOKED_AT]:
        with contextlib.suppress(OSError, UnsafeNameError):
            path = workspace.model("checkpoints", name)
            if workspace.bundled is not None and path.is_relative_to(workspace.bundled):
                continue
            header = read_header(path)
            if header is not None and wanted(header):
                return OwnCheckpoint(name, _native_size(header))
    return None


def _is_base(header: Mapping[str, Any]) -> bool:
    return _channels(header) == 4 and LARGE_ENCODER.format(1) in header


def _is_refiner(header: Mapping[str, Any]) -> bool:
    return _channels(header) == 4 and LARGE_ENCODER.format(0) in header


def _channels(header: Mapping[str, Any]) -> int | None:
    """How many channels the network takes."""
    shape = as_list(as_map(header.get(NETWORK)).get("shape"))
    return shape[1] if len(shape) == 4 else None


def _native_size(header: Mapping[str, Any]) -> int:
    said = as_map(header.get("__metadata__")).get(SIZE_KEY)
    number = int(said) if isinstance(said, str) and said.isascii() and said.isdecimal() and len(said) < 6 else 0
    return number or NATIVE_SIZE
