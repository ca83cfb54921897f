"""Files of wildcards: a line each in .txt, named lists in .yaml."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import yaml

from models.prompting.errors import PromptError

LARGEST = 20_000_000  # bytes of a file
DEEPEST = 20  # lists within lists
SUFFIXES = (".txt", ".yaml", ".yml")


def read_wildcards(folders: Iterable[Path]) -> dict[str, list[str]]:
    """The lines of all wildcards below folders, by name; where two have the same name, the first folder's counts.

    `animals/birds.txt` is `animals/birds`. A list in a .yaml is named by the keys that lead to it, and also by the
    file's name before them.

    Raises:
        PromptError: a file is too large, no text, or no YAML.
    """
    found: dict[str, list[str]] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.suffix.lower() in SUFFIXES and path.is_file():
                for name, lines in _lists(path, path.relative_to(folder).with_suffix("").as_posix()):
                    found.setdefault(name, lines)
    return found


def _lists(path: Path, name: str) -> Iterator[tuple[str, list[str]]]:
    text = _text(path)
    if path.suffix.lower() == ".txt":
        lines = (line.strip() for line in text.splitlines())
        yield name, [line for line in lines if line and not line.startswith("#")]
        return
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise PromptError(f"The wildcards in {path.name} are no YAML: {error}") from error
    for keys, lines in _yaml_lists(content, ()):
        if keys:
            yield "/".join(keys), lines
        yield "/".join((name, *keys)), lines


def _yaml_lists(content: Any, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    if isinstance(content, Mapping) and len(keys) < DEEPEST:
        for key, value in cast("Mapping[Any, Any]", content).items():
            yield from _yaml_lists(value, (*keys, str(key)))
    elif isinstance(content, list):
        yield keys, [str(one) for one in cast("list[Any]", content)]
    elif isinstance(content, str):
        yield keys, [line.strip() for line in content.splitlines() if line.strip()]


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise PromptError(f"{path.name} is larger than {LARGEST // 1_000_000} MB: it is no list of wildcards.")
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError(f"The wildcards in {path.name} cannot be read: {error}") from error
