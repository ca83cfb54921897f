"""Large workflows of real node types: a small one over and over, beside and below itself."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

TEMPLATE = Path(__file__).resolve().parents[2] / "templates" / "base_refiner.json"
GAP = 120


def tiled_workflow(least: int) -> dict[str, Any]:
    """A workflow of at least `least` nodes: copies of the base+refiner template in a square."""
    piece = json.loads(TEMPLATE.read_text(encoding="utf-8"))
    copies = math.ceil(least / len(piece["nodes"]))
    columns = math.ceil(math.sqrt(copies / 1.6))
    left, top, width, height = _extent(piece["nodes"])
    whole = {**piece, "nodes": [], "links": [], "groups": []}
    first_node, first_link = piece["last_node_id"] + 1, piece["last_link_id"] + 1
    for copy in range(copies):
        shift = ((copy % columns) * (width + GAP) - left, (copy // columns) * (height + GAP) - top)
        _add(whole, piece, shift, copy * first_node, copy * first_link)
    return {**whole, "last_node_id": copies * first_node, "last_link_id": copies * first_link}


def _extent(nodes: list[dict[str, Any]]) -> tuple[float, float, float, float]:
    left, top = (min(node["pos"][axis] for node in nodes) for axis in (0, 1))
    right, bottom = (max(node["pos"][axis] + node["size"][axis] for node in nodes) for axis in (0, 1))
    return left, top, right - left, bottom - top


def _add(
    whole: dict[str, Any], piece: dict[str, Any], shift: tuple[float, float], node_shift: int, link_shift: int
) -> None:
    for node in piece["nodes"]:
        copy = json.loads(json.dumps(node))
        copy["id"] += node_shift
        copy["pos"] = [node["pos"][0] + shift[0], node["pos"][1] + shift[1]]
        for slot in copy.get("inputs", []):
            slot["link"] = None if slot["link"] is None else slot["link"] + link_shift
        for slot in copy.get("outputs", []):
            slot["links"] = [link + link_shift for link in slot["links"] or []]
        whole["nodes"].append(copy)
    for link, origin, slot, target, target_slot, kind in piece["links"]:
        whole["links"].append([link + link_shift, origin + node_shift, slot, target + node_shift, target_slot, kind])
    for group in piece["groups"]:
        x, y, width, height = group["bounding"]
        whole["groups"].append({**group, "bounding": [x + shift[0], y + shift[1], width, height]})
