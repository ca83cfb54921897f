"""The example pictures and texts that come with Weft, put into the user's input folder when a workflow needs one."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from execution.stand_ins import PICTURES, Substitution
from folders.workspace import Workspace
from web.files.disk import temporary_beside
from web.files.placing import place

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "templates" / "input"


def example_names(folder: Path = EXAMPLES) -> frozenset[str]:
    """The files that there are."""
    return frozenset(path.name for path in folder.iterdir() if path.is_file())


def lend_example(name: str, workspace: Workspace, folder: Path = EXAMPLES) -> str:
    """Copy an example into the input folder, unless it is there; the name that it has there.

    Nothing is overwritten: beside another file of the name it gets a number. Where the disk takes nothing, the
    name is as it was, and the node says that the file is missing. Blocks.
    """
    target = workspace.folder("input") / name
    with contextlib.suppress(OSError):
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = temporary_beside(target)
        try:
            shutil.copyfile(folder / name, copy)
            return place(copy, target, overwrite=False).name
        finally:
            copy.unlink(missing_ok=True)
    return name


def with_examples(substitutions: Iterable[Substitution], workspace: Workspace) -> list[Substitution]:
    """A plan whose example pictures are in the input folder, under the names that they have there. Blocks."""
    return [
        replace(one, used=lend_example(one.used, workspace))
        if one.folder == PICTURES and one.reason == "stand_in"
        else one
        for one in substitutions
    ]
