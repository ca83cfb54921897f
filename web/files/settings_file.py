"""The editor's settings: one JSON object in one file, the same that the peer's editor keeps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from execution.logbook import Logbook
from web.files.disk import write_whole

SETTINGS_FILE = "comfy.settings.json"


def read_settings(user: Path) -> dict[str, Any]:
    """A user's settings; {} where there are none yet, or none that can be read."""
    return _read(user / SETTINGS_FILE) or {}


def change_settings(user: Path, changes: Mapping[str, Any], logs: Logbook) -> None:
    """Merge settings into a user's. A file that is damaged is moved aside first, never overwritten.

    Raises:
        OSError: the file cannot be written.
    """
    path = user / SETTINGS_FILE
    known = _read(path)
    if known is None and path.exists():
        aside = path.with_name(f"{SETTINGS_FILE}.damaged-{datetime.now():%Y%m%d-%H%M%S}")
        path.replace(aside)
        logs.write("server", f"The settings in {path.name} could not be read. They are kept as {aside.name}.")
    merged = {**(known or {}), **changes}
    if merged != known:
        write_whole(path, json.dumps(merged, indent=4).encode("ascii"))


def _read(path: Path) -> dict[str, Any] | None:
    try:
        value: Any = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None
