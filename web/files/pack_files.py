"""What node packs bring for browsers: modules, translations, example workflows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from execution.workers.messages import Pack
from web.files.user_listing import list_files

TRANSLATED = ("nodeDefs", "commands", "settings")
"""Files of a language beside `main.json`, each kept under its own name."""

PICTURES = (".jpg", ".png", ".webp")


def script_urls(packs: Sequence[Pack]) -> list[str]:
    """The URL path of every browser module of the packs."""
    return [url for pack in packs if pack.web for url in scripts_below(Path(pack.web), pack.name)]


def scripts_below(folder: Path, name: str) -> list[str]:
    """The URL paths of the modules in one folder, served as the extension `name`."""
    found = list_files(folder, recurse=True)
    return [f"/extensions/{quote(name)}/{quote(path)}" for path in found if path.endswith(".js")]


def translations(packs: Sequence[Pack]) -> dict[str, Any]:
    """Language to its texts, those of all packs put together."""
    languages: dict[str, Any] = {}
    for pack in packs:
        base = Path(pack.locales) if pack.locales else None
        if base is None or not base.is_dir():
            continue
        for folder in sorted(path for path in base.iterdir() if path.is_dir() and not path.name.startswith(".")):
            texts = languages.setdefault(folder.name, {})
            _merge(texts, _object(folder / "main.json"))
            for part in TRANSLATED:
                found = _object(folder / f"{part}.json")
                if found:
                    _merge(texts, {part: found})
    return languages


def example_workflows(packs: Sequence[Pack]) -> dict[str, list[str]]:
    """Pack to the names of its example workflows."""
    listed: dict[str, list[str]] = {}
    for pack in packs:
        if pack.templates and Path(pack.templates).is_dir():
            names = (path.stem for path in Path(pack.templates).glob("*.json") if not path.name.startswith("."))
            listed[pack.name] = sorted(names)
    return listed


def _object(path: Path) -> dict[str, Any]:
    try:
        value: Any = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _merge(into: dict[str, Any], other: dict[str, Any]) -> None:
    """Add texts to texts; of two for one place the later one stays."""
    waiting = [(into, other)]
    while waiting:
        target, source = waiting.pop()
        for key, value in source.items():
            known = target.get(key)
            if isinstance(known, dict) and isinstance(value, dict):
                waiting.append((cast("dict[str, Any]", known), cast("dict[str, Any]", value)))
            else:
                target[key] = value
