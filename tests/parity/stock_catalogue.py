"""The stock node types as a catalogue, read from the reference beside the repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from execution.schema import InputSpec, NodeSpec, OutputSpec, Section, input_from_object_info

REFERENCE = Path(__file__).resolve().parents[2] / ".." / "shared" / "reference"
WORKFLOWS = REFERENCE / "workflows" / "given"


def need_reference() -> None:
    if not WORKFLOWS.is_dir():
        pytest.skip("needs ../shared/reference, which is not here", allow_module_level=True)


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def differences(ours: dict[str, Any], stock: dict[str, Any]) -> set[str]:
    """`node input` for each input with another value, `node class_type` for another type, `node` for a lone one."""
    found = set(ours.keys() ^ stock.keys())
    for node in ours.keys() & stock.keys():
        if ours[node]["class_type"] != stock[node].get("class_type"):
            found.add(f"{node} class_type")
        one, other = ours[node]["inputs"], stock[node]["inputs"]
        found |= {f"{node} {name}" for name in one.keys() ^ other.keys()}
        found |= {f"{node} {name}" for name in one.keys() & other.keys() if not same(one[name], other[name])}
    return found


def same(one: Any, other: Any) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def stock_catalogue() -> dict[str, NodeSpec]:
    """Node types by name, with the samplers' names put in and combos of files marked as such."""
    names = read(REFERENCE / "samplers.json")
    return {name: _node(name, info, names) for name, info in read(REFERENCE / "nodes.json").items()}


def _node(name: str, info: dict[str, Any], names: dict[str, list[str]]) -> NodeSpec:
    inputs: list[InputSpec] = []
    sections: tuple[Section, ...] = ("required", "optional", "hidden")
    for section in sections:
        written = info["inputs"].get(section, {})
        order = info["input_order"].get(section, list(written))
        inputs += [_input(key, section, written[key], names) for key in order]
    outputs = zip(info["outputs"], info["output_names"], info["output_is_list"], strict=True)
    return NodeSpec(
        name,
        tuple(inputs),
        tuple(OutputSpec(type, label, is_list) for type, label, is_list in outputs),
        display_name=info["display_name"] or "",
        output_node=info["output_node"],
    )


def _input(name: str, section: Section, written: Any, names: dict[str, list[str]]) -> InputSpec:
    kind = written[0] if isinstance(written, list) else written
    options = written[1] if isinstance(written, list) and len(written) > 1 else {}
    if isinstance(kind, str) and kind.startswith("FILES:"):
        return InputSpec(name, "COMBO", section, files=kind.removeprefix("FILES:"), options=options)
    if kind in ("SAMPLERS", "SCHEDULERS"):
        return InputSpec(name, "COMBO", section, choices=tuple(names[kind.lower()]), options=options)
    return input_from_object_info(name, section, written)
