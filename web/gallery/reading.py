"""What a file carries, read for the index and for whoever opens a picture's workflow."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from execution.problems import WorkflowError
from execution.workflow import read_workflow
from execution.workflow.document import UiNode, as_list, as_map, read_node
from execution.workflow.widgets import guessed_values
from folders.embedded import PNG_SIGNATURE, Embedded, MetadataError, read_embedded
from web.files.pictures import DAMAGED, open_checked
from web.gallery.made_with import MadeWith, made_with
from web.refusal import Refusal

CARRIERS = (".png", ".webp", ".jpg", ".jpeg", ".latent", ".safetensors")
"""Endings of files that can carry a workflow."""

MOST_INDEXED = 8 * 2**20  # characters of a text that the index reads; a thousand times a usual prompt


@dataclass(frozen=True, slots=True)
class Carried:
    """What a file carries, decoded."""

    workflow: dict[str, Any] | None  # as an editor opens it
    prompt: dict[str, Any] | None  # as it was run


@dataclass(frozen=True, slots=True)
class Found:
    """What the index keeps of a file that carries something."""

    made: MadeWith
    width: int  # pixels; 0 where it is no picture
    height: int


def carried(path: Path) -> Carried:
    """The workflow and the prompt of a file; one that cannot be read is None where the other can.

    Raises:
        MetadataError, WorkflowError: it carries neither; a sentence.
        OSError: it cannot be read.
    """
    embedded = read_embedded(path)
    found: dict[str, dict[str, Any]] = {}
    refused: WorkflowError | None = None
    for text in (embedded.prompt, embedded.workflow):
        if text is None:
            continue
        try:
            file = read_workflow(text)
            found.setdefault(file.kind, file.document)
        except WorkflowError as error:  # some programs write "null" for the one that they lack
            refused = refused or error
    if not found and refused is not None:
        raise refused
    return Carried(found.get("ui"), found.get("api"))


def find(path: Path) -> Found | None:
    """What the index is to keep of a file; None: it carries nothing, or is damaged.

    Raises:
        OSError: it cannot be read.
    """
    try:
        made = _made(read_embedded(path))
    except (MetadataError, WorkflowError):
        return None
    return Found(made, *_size(path))


def _made(embedded: Embedded) -> MadeWith:
    for text in (embedded.prompt, embedded.workflow):
        if text is None or len(text) > MOST_INDEXED:
            continue
        try:
            file = read_workflow(text)
        except WorkflowError:
            continue
        return made_with(file.document if file.kind == "api" else _as_prompt(file.document))
    return MadeWith()


def _as_prompt(workflow: dict[str, Any]) -> dict[str, Any]:
    """The values of a UI workflow by the names that the file itself gives; enough to search by."""
    nodes = [read_node(as_map(entry)) for entry in as_list(workflow.get("nodes"))]
    return {node.id: {"class_type": node.type, "inputs": _values(node)} for node in nodes if node.type}


def _values(node: UiNode) -> dict[str, Any]:
    values = guessed_values(node)
    if set(values) == {"UNKNOWN"}:  # the one value of an old file, whose name it does not tell
        return {"text": values["UNKNOWN"]}
    return values


def _size(path: Path) -> tuple[int, int]:
    """A picture's width and height; 0 of what is none."""
    with path.open("rb") as file:
        start = file.read(24)
        if start.startswith(PNG_SIGNATURE) and len(start) == 24:
            width, height = struct.unpack(">II", start[16:])
            return width, height
        if path.suffix.lower() in (".latent", ".safetensors"):
            return 0, 0
        file.seek(0)
        try:
            return open_checked(file).size
        except (Refusal, *DAMAGED):
            return 0, 0
