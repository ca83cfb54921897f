"""`folder_paths`: where models, inputs and outputs lie, for packs."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, cast

from execution.schema import FileNames
from folders.safe_paths import UnsafeNameError, checked_parts, inside
from folders.walking import walk_once
from folders.workspace import (
    AUDIO_SUFFIXES,
    IMAGE_SUFFIXES,
    MODEL_SUFFIXES,
    VIDEO_SUFFIXES,
    OwnFolder,
    split_annotation,
)
from packs.counted_names import next_counter
from packs.lacking import lacking

from . import host

__getattr__ = lacking(__name__)

_space = host.workspace

base_path = str(_space.root.resolve())
models_dir = str((_space.root / "models").resolve())
output_directory = str(_space.folder("output").resolve())
input_directory = str(_space.folder("input").resolve())
temp_directory = str(_space.folder("temp").resolve())
user_directory = str(_space.user.resolve())
supported_pt_extensions: set[str] = set(MODEL_SUFFIXES)
extension_mimetypes_cache: dict[str, str] = {"webp": "image", "fbx": "model"}
filename_list_cache: dict[str, Any] = {}

_LEGACY = {"unet": "diffusion_models", "clip": "text_encoders"}
_MESHES = frozenset({".gltf", ".glb", ".obj", ".fbx", ".stl", ".ply"})
_KINDS = {"image": IMAGE_SUFFIXES, "audio": AUDIO_SUFFIXES, "video": VIDEO_SUFFIXES, "model": _MESHES}


def _own_entry(kind: str) -> tuple[list[str], set[str]]:
    suffixes = {".yaml"} if kind == "configs" else set(MODEL_SUFFIXES)
    return [str(folder) for folder in _space.model_folders(kind)], suffixes


folder_names_and_paths: dict[str, tuple[list[str], set[str]]] = {
    **{kind: _own_entry(kind) for kind in _space.model_kinds},
    "custom_nodes": ([str(folder) for folder in _space.node_packs], set()),
}
"""Kind of model -> its folders and the suffixes of its files; packs add kinds and folders to it."""


def map_legacy(folder_name: str) -> str:
    """The present name of a kind of models."""
    return _LEGACY.get(folder_name, folder_name)


def get_output_directory() -> str:
    return output_directory


def get_input_directory() -> str:
    return input_directory


def get_temp_directory() -> str:
    return temp_directory


def get_user_directory() -> str:
    return user_directory


def get_system_user_directory(name: str = "system") -> str:
    """A folder for a pack's own data that no browser reaches."""
    return str(inside(Path(user_directory), f"__{name}"))


def get_directory_by_type(type_name: str) -> str | None:
    """The folder called "input", "output" or "temp"."""
    folders = {"input": input_directory, "output": output_directory, "temp": temp_directory}
    return folders.get(type_name)


def get_folder_paths(folder_name: str) -> list[str]:
    """The folders of a kind of models.

    Raises:
        KeyError: there is no such kind.
    """
    return folder_names_and_paths[map_legacy(folder_name)][0][:]


def add_model_folder_path(folder_name: str, full_folder_path: str, is_default: bool = False) -> None:
    """Have a further folder searched for a kind of models, `is_default`: before the others."""
    paths, _ = folder_names_and_paths.setdefault(map_legacy(folder_name), ([], set()))
    if full_folder_path in paths:
        if not is_default:
            return
        paths.remove(full_folder_path)
    paths.insert(0 if is_default else len(paths), full_folder_path)


def get_filename_list(folder_name: str) -> list[str]:
    """The names of a kind's files, sorted, with forward slashes.

    Raises:
        KeyError: there is no such kind.
    """
    kind = map_legacy(folder_name)
    if _is_workspaces(kind):
        return FileNames(kind, host.list_files(kind))
    paths, suffixes = folder_names_and_paths[kind]
    found: set[str] = set()
    for path in paths:
        found.update(filter_files_extensions(recursive_search(path, [".git"])[0], suffixes))
    return sorted(found)


def _is_workspaces(kind: str) -> bool:
    """Whether no pack has changed a kind, so that the server lists the same files."""
    return kind != "configs" and kind in _space.model_kinds and folder_names_and_paths.get(kind) == _own_entry(kind)


def get_full_path(folder_name: str, filename: str) -> str | None:
    """The path of a kind's file; None if there is none, or if the name leads out of the kind's folders.

    Raises:
        KeyError: there is no such kind.
    """
    kind = map_legacy(folder_name)
    paths, _ = folder_names_and_paths[kind]
    try:
        name = "/".join(checked_parts(str(filename).replace("\\", "/").lstrip("/")))
        for base in paths:
            path = Path(base) / name
            if path.is_file():
                return str(path)
        return str(_space.model(kind, name)) if _is_workspaces(kind) else None
    except (UnsafeNameError, FileNotFoundError):
        return None


def get_full_path_or_raise(folder_name: str, filename: str) -> str:
    """As `get_full_path`.

    Raises:
        FileNotFoundError: there is no such file.
    """
    found = get_full_path(folder_name, filename)
    if found is None:
        where = next(iter(get_folder_paths(folder_name)), folder_name)
        raise FileNotFoundError(f"There is no {filename!r} among the {folder_name}. Put it into {where}.")
    return found


def recursive_search(
    directory: str, excluded_dir_names: Sequence[str] | None = None
) -> tuple[list[str], dict[str, float]]:
    """The files below a folder, relative and with forward slashes, and the times of the folders' last changes."""
    files: list[str] = []
    times: dict[str, float] = {}
    excluded = frozenset(excluded_dir_names or ())
    for folder, _, names in walk_once(directory, excluded.__contains__):
        times[folder] = Path(folder).stat().st_mtime
        relative = Path(folder).relative_to(directory)
        files += [(relative / name).as_posix() for name in names]
    return files, times


def filter_files_extensions(files: Iterable[str], extensions: Collection[str]) -> list[str]:
    """The files with one of the suffixes, sorted; all files for no suffix."""
    wanted = {one.lower() for one in extensions}
    return sorted(file for file in files if not wanted or Path(file).suffix.lower() in wanted)


def filter_files_content_types(
    files: Iterable[str], content_types: Sequence[Literal["image", "video", "audio", "model"]]
) -> list[str]:
    """The files that hold such content, told by their suffixes."""
    wanted: set[str] = set()
    for kind in content_types:
        wanted |= _KINDS.get(kind, frozenset())
    return [file for file in files if Path(file).suffix.lower() in wanted]


def annotated_filepath(name: str) -> tuple[str, str | None]:
    """A name and the folder that its ending ` [output]` says; None without one."""
    bare, kind = split_annotation(name, "input")
    return bare, get_directory_by_type(kind) if bare != name else None


def get_annotated_filepath(name: str, default_dir: str | None = None) -> str:
    """The path that a prompt's file name means: below the input folder, or where its ending ` [output]` says.

    Raises:
        ValueError: it leads out of that folder.
    """
    bare, base = annotated_filepath(name)
    return str(inside(Path(base or default_dir or input_directory), bare))


def exists_annotated_filepath(name: str) -> bool:
    """Whether such a file is there."""
    try:
        return Path(get_annotated_filepath(name)).exists()
    except UnsafeNameError:
        return False


def get_save_image_path(
    filename_prefix: str, output_dir: str, image_width: int = 0, image_height: int = 0
) -> tuple[str, str, int, str, str]:
    """Where to save: folder (made if need be), name, next number, sub-folder, and the prefix with its values filled in.

    Raises:
        ValueError: the prefix leads out of `output_dir`.
    """
    now = time.strftime("%Y %m %d %H %M %S").split()
    names = ("year", "month", "day", "hour", "minute", "second")
    values = {"width": str(image_width), "height": str(image_height), **dict(zip(names, now, strict=True))}
    prefix = filename_prefix.replace("\\", "/")
    for name, value in values.items():
        prefix = prefix.replace(f"%{name}%", value)
    subfolder, _, filename = prefix.rpartition("/")
    root = Path(output_dir)
    folder = inside(root, subfolder) if subfolder else root
    if filename:
        checked_parts(filename)
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder), filename, next_counter(folder, filename), subfolder, prefix


def get_input_subfolders() -> list[str]:
    """The folders below the input folder."""
    root = Path(input_directory)
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_dir())


def get_folder_names() -> list[str]:
    return list(folder_names_and_paths)


def _set(kind: OwnFolder | Literal["user"], path: str) -> None:
    """Packs may not move the user's folders: the server would not know."""
    said = f"Weft's {kind} folder is chosen when it is started, not by a node pack."
    if Path(path).resolve() != Path(cast("str", globals()[f"{kind}_directory"])):
        raise RuntimeError(said)


def set_output_directory(output_dir: str) -> None:
    _set("output", output_dir)


def set_input_directory(input_dir: str) -> None:
    _set("input", input_dir)


def set_temp_directory(temp_dir: str) -> None:
    _set("temp", temp_dir)


def set_user_directory(user_dir: str) -> None:
    _set("user", user_dir)
