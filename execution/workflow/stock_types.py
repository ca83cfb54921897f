"""What is known of ComfyUI's node types that the catalogue may lack: enough to convert workflows that use them.

A UI workflow names no inputs for its widget values, so a node of a type that nobody here knows would lose them. The
table beside this file holds for 255 stock types the inputs in order, their defaults and the outputs, as measured; not
their ranges and options, for nothing is validated or run by it. `tests/parity/stock_table.py` writes it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from execution.schema import InputSpec, NodeSpec, OutputSpec, Section

TABLE = Path(__file__).with_name("stock_types.json")
SECTIONS: tuple[Section, ...] = ("required", "optional")


def with_stock_types(catalogue: Mapping[str, NodeSpec]) -> dict[str, NodeSpec]:
    """The catalogue, and behind it the stock types that it lacks. For conversion only."""
    return {**stock_types(), **catalogue}


@cache
def stock_types() -> Mapping[str, NodeSpec]:
    """The stock node types by name."""
    table: dict[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))
    return MappingProxyType({name: _node(name, entry) for name, entry in table.items()})


def _node(name: str, entry: Mapping[str, Any]) -> NodeSpec:
    inputs = [_input(section, *written) for section in SECTIONS for written in entry.get(section, [])]
    outputs = [OutputSpec(type, label, is_list) for type, label, is_list in entry.get("outputs", [])]
    return NodeSpec(name, tuple(inputs), tuple(outputs), display_name=entry.get("title", ""))


def _input(section: Section, name: str, type: str, options: Mapping[str, Any] | None = None) -> InputSpec:
    if type.startswith("FILES:"):
        return InputSpec(name, "COMBO", section, files=type.removeprefix("FILES:"), options=options or {})
    if type == "COMBO":
        return InputSpec(name, type, section, choices=(), options=options or {})
    return InputSpec(name, type, section, options=options or {})
