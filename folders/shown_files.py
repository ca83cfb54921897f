"""Whether the files that a node shows are there yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from folders.safe_paths import UnsafeNameError
from folders.workspace import OwnFolder, Workspace

OWN: Mapping[str, OwnFolder] = {"input": "input", "output": "output", "temp": "temp"}


def still_there(workspace: Workspace, ui: Mapping[str, Sequence[Any]]) -> bool:
    """Whether every file that a node's `ui` names, as `{"filename", "subfolder", "type"}`, is in its folder."""
    return all(_is_there(workspace, shown) for shown_list in ui.values() for shown in shown_list)


def _is_there(workspace: Workspace, shown: object) -> bool:
    if not isinstance(shown, Mapping):
        return True  # a text, a number
    named = cast("Mapping[str, Any]", shown)
    kind = OWN.get(str(named.get("type", "output")))
    if "filename" not in named or kind is None:
        return True
    name = "/".join(part for part in (str(named.get("subfolder") or ""), str(named["filename"])) if part)
    try:
        workspace.own_file(name, kind)
    except FileNotFoundError:
        return False
    except (UnsafeNameError, OSError):
        return True  # a pack that names what no page can ask for: running it again would change nothing
    return True
