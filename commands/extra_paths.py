"""`extra_model_paths.yaml`: further folders for models and node packs, in the form that people already have."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import yaml

from commands.errors import UsageProblem

OLD_NAMES: Mapping[str, str] = {"unet": "diffusion_models", "clip": "text_encoders"}
ExtraFolders = dict[str, tuple[Path, ...]]
"""Kind of model, or "custom_nodes" -> folders."""


def read_extra_paths(files: Iterable[Path]) -> tuple[ExtraFolders, ExtraFolders]:
    """The folders that come before the user's own (sections with `is_default: true`), and those that come after.

    A file has sections; each may have a `base_path` and holds, per kind, one path a line. A relative path starts at
    the section's `base_path`, and that at the folder of the file. `~` and environment variables are understood.

    Raises:
        UsageProblem: a file cannot be read or does not have that form.
    """
    first: ExtraFolders = {}
    further: ExtraFolders = {}
    for file in files:
        for name, section in _sections(file).items():
            if not isinstance(section, Mapping):
                raise UsageProblem(f"{file}: the section {name} holds no folders. Write `kind: path` lines below it.")
            entries = dict(cast("Mapping[str, Any]", section))
            default = entries.pop("is_default", False) is True
            base = _path(entries.pop("base_path", None) or ".", file.absolute().parent)
            for kind, paths in entries.items():
                target = first if default else further
                key = OLD_NAMES.get(str(kind), str(kind))
                target[key] = (*target.get(key, ()), *_paths(file, str(kind), paths, base))
    return first, further


def _sections(file: Path) -> Mapping[str, Any]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageProblem(f"--extra-model-paths-config {file} cannot be read ({error.strerror or error}).") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        at = getattr(error, "problem_mark", None)
        where = f" in line {at.line + 1}" if at is not None else ""
        raise UsageProblem(f"{file} is no valid YAML{where}. Compare it with docs/command-line.md.") from error
    if content is None:
        return {}
    if not isinstance(content, Mapping):
        raise UsageProblem(f"{file} has no sections. Begin with a name and a colon, and indent the folders below it.")
    return cast("Mapping[str, Any]", content)


def _paths(file: Path, kind: str, written: Any, base: Path) -> list[Path]:
    if written is None:
        return []
    if not isinstance(written, str):
        raise UsageProblem(f"{file}: the folders of {kind} must be text, one path a line.")
    return [_path(line.strip(), base) for line in written.splitlines() if line.strip()]


def _path(written: str, base: Path) -> Path:
    return Path(os.path.normpath(base / Path(os.path.expandvars(written)).expanduser()))
