"""Where an asset's file lies, and where a new one may go."""

from __future__ import annotations

import os
import re
import shutil
import uuid
from dataclasses import dataclass
from itertools import count
from pathlib import Path, PurePosixPath

from execution.jobs.texts import sought
from folders.safe_paths import UnsafeNameError, checked_parts, inside
from folders.workspace import OWN_FOLDERS, Workspace
from web.v2.assets import Asset
from web.v2.refusals import RefusalV2, invalid

MODELS = "models/"
CLOSED_KINDS = frozenset({"configs", "custom_nodes"})  # they hold no weights: YAML that is obeyed, Python that is run


@dataclass(frozen=True, slots=True)
class Target:
    """Where an upload asks to be put."""

    place: str  # "input", or "models/" and a kind
    name: str  # below it

    @property
    def is_model(self) -> bool:
        return self.place.startswith(MODELS)


def target_of(workspace: Workspace, file_path: str) -> Target:
    """What a client's `file_path` means: `photo.png`, `sub/photo.png` and `input/photo.png` are inputs,
    `models/loras/x.safetensors` and `loras/x.safetensors` are models.

    Raises:
        RefusalV2: 422, it is no name that may be used.
    """
    if sought(file_path) is None:
        raise invalid("The file_path is no proper text: it holds half of a surrogate pair.")
    try:
        parts = checked_parts(file_path)
    except UnsafeNameError as error:
        raise invalid(f"The file_path cannot be used: {error}") from None
    if any(part.startswith(".") for part in parts) or any(re.search(r'[<>:"|?*]', part) for part in parts):
        raise invalid('The file_path has a hidden name or one of < > : " | ? * in it. Choose another name.')
    named_models = parts[0] == "models"
    rest = parts[1:] if named_models else parts
    kinds = {*workspace.model_kinds} - CLOSED_KINDS
    if len(rest) > 1 and rest[0] in kinds:
        if PurePosixPath(rest[-1]).suffix.lower() != ".safetensors":
            raise invalid("Model files are accepted as .safetensors only.")
        return Target(MODELS + rest[0], "/".join(rest[1:]))
    if named_models:
        listed = ", ".join(sorted(kinds))
        raise invalid(f"There is no such model folder. Models go to models/<kind>/<name>.safetensors; kinds: {listed}.")
    if parts[0] == "input" and len(parts) > 1:
        parts = parts[1:]
    return Target("input", "/".join(parts))


def path_of(workspace: Workspace, asset: Asset) -> Path | None:
    """An asset's file, links followed and still inside its folder; None where there is none any more."""
    try:
        if asset.place.startswith(MODELS):
            return workspace.model(asset.place.removeprefix(MODELS), asset.name)
        path = inside(folder_of(workspace, asset.place), asset.name)
    except (UnsafeNameError, FileNotFoundError):
        return None
    return path if path.is_file() else None


def folder_of(workspace: Workspace, place: str) -> Path:
    """The folder behind a place; of models, the one that new files go to."""
    if place.startswith(MODELS):
        return workspace.model_folders(place.removeprefix(MODELS))[0]
    if place not in OWN_FOLDERS:
        raise ValueError(f"no files lie at {place!r}")
    return workspace.folder(place)


def name_in_workflow(asset: Asset) -> str:
    """What stands for an asset in a node's input: a name that loaders understand, or the text itself."""
    if asset.text is not None:
        return asset.text
    return f"{asset.name} [{asset.place}]" if asset.place in ("output", "temp") else asset.name


def put(workspace: Workspace, source: Path, target: Target) -> str:
    """Give a finished file its place, never another file's; returns the name it got. The source is used up.

    An input whose name is taken gets a number, `photo (1).png`; a model whose name is taken is refused.

    Raises:
        RefusalV2: 409 for a model whose name is taken, 422 for a name that leaves the folder through a link.
        OSError: the disk refuses it.
    """
    folder = folder_of(workspace, target.place)
    wanted = PurePosixPath(target.name)
    for number in count():
        name = str(wanted if not number else wanted.with_name(f"{wanted.stem} ({number}){wanted.suffix}"))
        try:
            path = inside(folder, name)
        except UnsafeNameError as error:
            raise invalid(f"The file_path cannot be used: {error}") from None
        path.parent.mkdir(parents=True, exist_ok=True)
        if _publish(source, path):
            return name
        if target.is_model:
            what = f"There is a file named {target.name!r} in {target.place} already, with other content."
            raise RefusalV2(409, "file_exists", f"{what} Choose another name; models are never overwritten.")
    raise AssertionError("count() does not end")


def _publish(source: Path, path: Path) -> bool:
    """Give a finished file a name that nobody has, whole from its first moment; False where somebody has it."""
    try:
        os.link(source, path)
    except FileExistsError:
        return False
    except OSError:  # another disk, or one that knows no links
        return _publish_copy(source, path)
    source.unlink()
    return True


def _publish_copy(source: Path, path: Path) -> bool:
    beside = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        shutil.copyfile(source, beside)
        if not _claim(path):
            return False
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    source.unlink()
    return True


def _claim(path: Path) -> bool:
    """Take a name with an empty file; False where somebody has it."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except FileExistsError:
        return False
    return True
