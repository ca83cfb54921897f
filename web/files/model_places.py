"""The folders that models lie in, numbered as clients name them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from folders.workspace import Workspace
from web.files.user_listing import created

NOT_BROWSED = ("configs",)  # kinds that the model browser leaves out


def folders_of(workspace: Workspace, kind: str) -> list[Path]:
    """The folders of a kind, the user's own first; that of the bundled models last."""
    found, bundled = workspace.model_folders(kind), workspace.bundled_folder(kind)
    return found if bundled is None else [*found, bundled]


def described_models(workspace: Workspace, kind: str, names: list[str]) -> list[dict[str, Any]]:
    """For each model the number of its folder, its size in bytes and its times in Unix seconds."""
    found: list[dict[str, Any]] = []
    places = folders_of(workspace, kind)
    for name in names:
        for index, place in enumerate(places):
            try:
                state = (place / name).stat()
            except OSError:
                continue
            times = {"modified": state.st_mtime, "created": created(state)}
            found.append({"name": name, "pathIndex": index, **times, "size": state.st_size})
            break
    return found
