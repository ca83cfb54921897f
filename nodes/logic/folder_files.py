"""The files of a folder: their names, and their pictures."""

import fnmatch
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import torch

from execution.fields import Help, Name, Range
from execution.node import Context, NodeInputError, node
from folders.safe_paths import UnsafeNameError, inside
from folders.walking import hidden
from folders.workspace import IMAGE_SUFFIXES, Workspace
from nodes.image_files import loaded_picture
from nodes.types import Image, Mask

MOST_FILES = 10_000

Order = Literal["by name", "newest first", "oldest first"]
Where = Literal["input", "output"]

FolderName = Annotated[str, Help("A folder inside, such as poses or poses/hands. Empty: the whole folder itself.")]
Pattern = Annotated[str, Help("Which names are taken: * stands for anything, ? for one character.")]
Ordered = Annotated[Order, Help("Which comes first.")]
Skip = Annotated[int, Range(0, MOST_FILES), Help("How many are left out at the beginning.")]
Most = Annotated[int, Range(0, MOST_FILES), Help("How many are taken at most; 0: all.")]
Below = Annotated[Where, Help("Which of your folders.")]


class Names(NamedTuple):
    """Files of a folder."""

    names: Annotated[list[str], Name("names")]
    length: Annotated[int, Name("length")]


class Pictures(NamedTuple):
    """Pictures of a folder, each by itself."""

    images: Annotated[list[Image], Name("images")]
    masks: Annotated[list[Mask], Name("masks")]
    names: Annotated[list[str], Name("names")]


def _state(
    ctx: Context,
    below: Where | None = None,
    folder: str | None = None,
    pattern: str | None = None,
    order: Order | None = None,
) -> str | float:
    """What the files are and when they were written: the node runs again when that changes, and not before."""
    if below is None or folder is None or pattern is None or order is None:
        return float("nan")  # known only when what is linked there has run
    try:
        states = [(path, path.stat()) for path in _found(ctx, below, folder, pattern, order)]
    except (NodeInputError, OSError):  # the node will say so
        return float("nan")
    return "\n".join(f"{path} {state.st_size} {state.st_mtime_ns}" for path, state in states)


@node("WeftFileNames", category="logic/files", display_name="Names of files", fingerprint=_state)
def file_names(
    *,
    below: Below = "input",
    folder: FolderName = "",
    pattern: Pattern = "*",
    order: Ordered = "by name",
    skip: Skip = 0,
    count: Most = 0,
    ctx: Context,
) -> Names:
    """The names of the files of a folder as a list, as Load Image and others take them."""
    root = ctx.service(Workspace).folder(below).resolve()
    paths = _found(ctx, below, folder, pattern, order)[skip:][: count or None]
    ending = "" if below == "input" else f" [{below}]"
    names = [f"{path.relative_to(root).as_posix()}{ending}" for path in paths]
    return Names(names, len(names))


@node("WeftLoadImages", category="logic/files", display_name="Load images of a folder", fingerprint=_state)
def load_images(
    *,
    below: Below = "input",
    folder: FolderName = "",
    pattern: Pattern = "*",
    order: Ordered = "by name",
    skip: Skip = 0,
    count: Most = 0,
    ctx: Context,
) -> Pictures:
    """The pictures of a folder as a list, each in its own size: what follows runs for each. The masks are 1 where a
    picture is transparent.
    """
    root = ctx.service(Workspace).folder(below).resolve()
    found = _found(ctx, below, folder, pattern, order)
    paths = [path for path in found if path.suffix.lower() in IMAGE_SUFFIXES][skip:][: count or None]
    if not paths:
        raise NodeInputError("folder", f"There are no pictures called {pattern} there. Put some into {root / folder}.")
    images: list[torch.Tensor] = []
    masks: list[torch.Tensor] = []
    for place, path in enumerate(paths):
        ctx.progress(place, len(paths))
        loaded = loaded_picture(ctx, path.relative_to(root).as_posix(), below)
        images.append(loaded.IMAGE)
        masks.append(loaded.MASK)
    return Pictures(images, masks, [path.name for path in paths])


def _found(ctx: Context, below: Where, folder: str, pattern: str, order: Order) -> list[Path]:
    """The files of a folder that a pattern names, in order.

    Raises:
        NodeInputError: the folder is outside, or not there.
    """
    root = ctx.service(Workspace).folder(below)
    name = folder.strip().replace("\\", "/").strip("/")
    try:
        place = inside(root, name) if name else root.resolve()
    except UnsafeNameError as error:
        raise NodeInputError("folder", str(error)) from error
    if not place.is_dir():
        raise NodeInputError("folder", f"There is no folder {name!r} in the {below} folder. Make it in {root}.")
    paths = list(_matching(place, pattern or "*"))
    if len(paths) > MOST_FILES:
        raise NodeInputError("pattern", f"{len(paths)} files are more than {MOST_FILES}. Use a narrower pattern.")
    paths.sort(key=lambda path: path.name)
    if order != "by name":
        paths.sort(key=lambda path: path.stat().st_mtime_ns, reverse=order == "newest first")
    return paths


def _matching(place: Path, pattern: str) -> Iterator[Path]:
    with os.scandir(place) as entries:
        for entry in entries:
            if not hidden(entry.name) and fnmatch.fnmatch(entry.name.lower(), pattern.lower()) and entry.is_file():
                yield place / entry.name
