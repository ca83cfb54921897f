"""A graph: the API prompt as data, parsed once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast


class Link(NamedTuple):
    """An input that takes its value from output `slot` (from 0) of node `node`."""

    node: str
    slot: int


@dataclass(slots=True)
class GraphNode:
    """A node of a graph: its type and, for each input, a literal value or a `Link`."""

    id: str
    type: str
    inputs: dict[str, Any] = field(default_factory=dict[str, Any])
    title: str = ""

    def links(self) -> Iterator[tuple[str, Link]]:
        """The linked inputs: name and where the value comes from."""
        for name, value in self.inputs.items():
            if isinstance(value, Link):
                yield name, value


Graph = dict[str, GraphNode]
"""Node id -> node, in the order of the prompt."""


class PromptShapeError(ValueError):
    """What was given is not an API prompt; the text is a sentence for people."""


def is_link(value: Any) -> bool:
    """Whether a JSON value is a link: a two-item list of a node id (text) and an output number."""
    if not isinstance(value, list):
        return False
    items = cast("list[Any]", value)
    if len(items) != 2 or not isinstance(items[0], str):
        return False
    if not isinstance(items[1], (int, float)) or isinstance(items[1], bool):
        return False
    return math.isfinite(items[1])


def parse_prompt(prompt: Mapping[str, Any]) -> Graph:
    """Turn an API prompt (decoded JSON) into a `Graph`.

    Literal lists arrive wrapped as `{"__value__": [...]}` and are unwrapped. Unknown keys of a node are ignored.

    Raises:
        PromptShapeError: a node is not an object with a `class_type` text, or its inputs are not an object.
    """
    graph: Graph = {}
    for node_id, written in prompt.items():
        if not isinstance(written, Mapping):
            raise PromptShapeError(f"Node {node_id} of the prompt is not an object with class_type and inputs.")
        entry = cast("Mapping[str, Any]", written)
        kind = entry.get("class_type")
        if not isinstance(kind, str):
            raise PromptShapeError(f"Node {node_id} of the prompt has no class_type: say which node type it is.")
        raw: Any = entry.get("inputs") or {}
        if not isinstance(raw, Mapping):
            raise PromptShapeError(f"The inputs of node {node_id} ({kind}) are not an object of name: value.")
        inputs = {str(name): _value(value) for name, value in cast("Mapping[str, Any]", raw).items()}
        meta: Any = entry.get("_meta")
        title: Any = cast("Mapping[str, Any]", meta).get("title") if isinstance(meta, Mapping) else None
        graph[str(node_id)] = GraphNode(str(node_id), kind, inputs, title if isinstance(title, str) else "")
    return graph


def _value(value: Any) -> Any:
    if is_link(value):
        return Link(value[0], int(value[1]))
    if isinstance(value, dict):
        wrapped = cast("dict[str, Any]", value)
        return wrapped.get("__value__", wrapped)
    return value


def to_prompt(graph: Graph) -> dict[str, Any]:
    """The API prompt of a graph (JSON-ready): the inverse of `parse_prompt`."""
    prompt: dict[str, Any] = {}
    for node in graph.values():
        inputs: dict[str, Any] = {}
        for name, value in node.inputs.items():
            if isinstance(value, Link):
                inputs[name] = [value.node, value.slot]
            else:
                inputs[name] = {"__value__": value} if isinstance(value, list) else value
        prompt[node.id] = {"class_type": node.type, "inputs": inputs}
        if node.title:
            prompt[node.id]["_meta"] = {"title": node.title}
    return prompt
