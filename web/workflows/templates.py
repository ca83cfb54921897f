"""The workflows that come with Weft, and how one is made to run at once on this machine.

A template is a UI workflow that runs on the bundled checkpoints. Its `extra.weft` says how it fits others:
`native_size` is the side of the bundled checkpoints' pictures, `pixels` are the places in `widgets_values` that count
pixels, by node, and `checkpoints` says which ones it can do with: "base" (usual), "pair", or "bundled" (no others).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from execution.stand_ins import BASE, REFINER
from execution.workflow.document import as_id, as_list, as_map
from folders.workspace import Workspace
from web.workflows.examples import example_names, lend_example
from web.workflows.own_checkpoints import OwnCheckpoint, OwnCheckpoints, own_checkpoints

FOLDER = Path(__file__).resolve().parent.parent.parent / "templates"
PICTURES = "input"  # the folder of the pictures that templates begin with
INDEX = "index"
DEFAULT, DEFAULT_IS = "default", "base_refiner"


def template_names(folder: Path = FOLDER) -> list[str]:
    """The templates there are, by the alphabet."""
    return sorted(path.stem for path in folder.glob("*.json") if path.stem != INDEX)


def template_index(folder: Path = FOLDER) -> list[dict[str, Any]]:
    """What a gallery shows of each template, in order."""
    entries: list[dict[str, Any]] = json.loads((folder / f"{INDEX}.json").read_text(encoding="utf-8"))
    return [{**entry, "picture": f"/api/templates/{entry['name']}.webp"} for entry in entries]


def fitted(template: Mapping[str, Any], workspace: Workspace, folder: Path = FOLDER) -> dict[str, Any]:
    """A template with checkpoints and pictures that are there, and sizes to go with them.

    The user's own SDXL checkpoints come first, then the bundled ones. Pictures that the template begins with are put
    into the input folder, where nothing is overwritten. Blocks.
    """
    about = as_map(as_map(template.get("extra")).get("weft"))
    own = _usable(own_checkpoints(workspace), about.get("checkpoints", "base"))
    names = {known: one.name for known, one in zip((BASE, REFINER), own, strict=True) if one is not None}
    native = next((one.native_size for one in own if one is not None), about.get("native_size", 1))
    scale = native / about.get("native_size", 1)
    pixels = as_map(about.get("pixels"))
    pictures = _pictures(workspace, folder)
    nodes: list[dict[str, Any]] = []
    for node in map(as_map, as_list(template.get("nodes"))):
        counted = as_list(pixels.get(as_id(node.get("id"))))
        values = [
            round(value * scale) if place in counted else names.get(str(value)) or pictures(value)
            for place, value in enumerate(as_list(node.get("widgets_values")))
        ]
        nodes.append({**node, "widgets_values": values} if "widgets_values" in node else node)
    return {**template, "nodes": nodes, "extra": _kept_extra(template)}


def _usable(own: OwnCheckpoints, wanted: str) -> tuple[OwnCheckpoint | None, OwnCheckpoint | None]:
    """The user's base and refiner, as far as a template can do with them."""
    if wanted == "base":
        return own.base, None
    same = own.base is not None and own.refiner is not None and own.base.native_size == own.refiner.native_size
    return (own.base, own.refiner) if wanted == "pair" and same else (None, None)


def _kept_extra(template: Mapping[str, Any]) -> dict[str, Any]:
    """What the editor needs; how the template was fitted is done with."""
    extra = as_map(template.get("extra"))
    rest = {name: value for name, value in extra.items() if name != "weft"}
    grid = as_map(extra.get("weft")).get("grid")
    return rest if grid is None else {**rest, "weft": {"grid": grid}}


def _pictures(workspace: Workspace, folder: Path) -> Callable[[Any], Any]:
    """Puts a template's picture into the input folder and gives the name it has there; other values as they are."""
    there = example_names(folder / PICTURES)

    def named(value: Any) -> Any:
        known = isinstance(value, str) and value in there
        return lend_example(value, workspace, folder / PICTURES) if known else value

    return named
