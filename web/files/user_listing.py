"""What lies in a user's folder, told as the existing API tells it. Hidden names are left out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


def file_info(path: Path, name: str) -> dict[str, Any]:
    """A file's name, size in bytes and times in Unix seconds."""
    state = path.stat()
    return {"path": name, "size": state.st_size, "modified": state.st_mtime, "created": created(state)}


def created(state: os.stat_result) -> float:
    """When a file was made, as far as the system knows."""
    return float(getattr(state, "st_birthtime", state.st_ctime))


def list_files(folder: Path, recurse: bool) -> list[str]:
    """The files in a folder, below it too if asked; sorted, with forward slashes."""
    found: list[str] = []
    for directory, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".")) if recurse else []
        place = Path(directory).relative_to(folder)
        found += [(place / name).as_posix() for name in names if _is_shown(Path(directory) / name, folder)]
    return sorted(found)


def list_everything(folder: Path, root: Path) -> list[dict[str, Any]]:
    """Folders, then files, below a folder; paths are those below `root`."""
    folders: list[dict[str, Any]] = []
    files: list[dict[str, Any]] = []
    for directory, names, others in os.walk(folder):
        names[:] = sorted(name for name in names if _is_shown(Path(directory) / name, root))
        folders += [_entry(Path(directory) / name, root, "directory") for name in names]
        for name in sorted(others):
            path = Path(directory) / name
            if _is_shown(path, root) and path.is_file():
                files.append({**_entry(path, root, "file"), "size": path.stat().st_size})
    return [*sorted(folders, key=_path_of), *sorted(files, key=_path_of)]


def _entry(path: Path, root: Path, type: str) -> dict[str, Any]:
    modified = path.stat().st_mtime
    return {"name": path.name, "path": path.relative_to(root).as_posix(), "type": type, "modified": modified}


def _path_of(entry: dict[str, Any]) -> str:
    return str(entry["path"])


def _is_shown(path: Path, root: Path) -> bool:
    """Whether a name is neither hidden, nor beyond Unicode and so beyond URLs, nor a link that leads outside."""
    if path.name.startswith(".") or any("\ud800" <= character <= "\udfff" for character in path.name):
        return False
    try:
        return not path.is_symlink() or path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):  # a link to itself
        return False
