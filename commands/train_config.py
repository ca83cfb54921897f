"""The file that says what `train` is to do: YAML or TOML, each setting checked."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import yaml

from commands.errors import UsageProblem
from models.tuning.checking import read_settings
from models.tuning.settings import Settings


def read_config(path: Path) -> Settings:
    """The settings of a file.

    Raises:
        UsageProblem: it cannot be read, or settings are wrong: a sentence for each.
    """
    settings, problems = read_settings(Settings, _document(path))
    if settings is None:
        raise UsageProblem("\n".join([f"{path} has settings that cannot be used:", *problems]))
    return settings


def _document(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UsageProblem(f"There is no file {path}. docs/training.md shows one to begin with.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageProblem(f"{path} cannot be read ({error}). It must be a text file in UTF-8.") from error
    try:
        return tomllib.loads(text) if path.suffix.lower() == ".toml" else yaml.safe_load(text)
    except (tomllib.TOMLDecodeError, yaml.YAMLError) as error:
        kind = "TOML" if path.suffix.lower() == ".toml" else "YAML"
        raise UsageProblem(f"{path} is no {kind}: {error}") from error
