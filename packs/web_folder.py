"""The folder of a pack's browser modules."""

from __future__ import annotations

import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

from packs.discover import Found


def web_folder(one: Found, module: ModuleType) -> tuple[Path | None, str | None]:
    """The folder that WEB_DIRECTORY or `[tool.comfy] web` in pyproject.toml names, or why it cannot be served."""
    wanted: Any = getattr(module, "WEB_DIRECTORY", None) or _from_project(one.path)
    if not isinstance(wanted, str) or not wanted or not one.path.is_dir():
        return None, None
    try:
        found = (one.path / wanted).resolve()
    except (OSError, RuntimeError, ValueError):
        return None, f"Its web folder {wanted!r} is no usable name."
    if not found.is_relative_to(one.path.resolve()):
        return None, f"Its web folder {wanted!r} lies outside the pack and is not served."
    if not found.is_dir():
        return None, f"Its web folder {wanted!r} is not there."
    return found, None


def _from_project(path: Path) -> Any:
    file = path / "pyproject.toml"
    try:
        project: Any = tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}
        return project["tool"]["comfy"]["web"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
