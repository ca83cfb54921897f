"""Planning an expansion in class style: nodes with ids, as the JSON of an API prompt."""

from __future__ import annotations

from typing import Any

from execution.current import current_call
from execution.dynamic_graph import prefix_for


class BuilderNode:
    """A node being planned."""

    def __init__(self, node_id: str, class_type: str, inputs: dict[str, Any]) -> None:
        self.id = node_id
        self.class_type = class_type
        self.inputs = inputs
        self.override_display_id: str | None = None

    def out(self, index: int) -> list[Any]:
        """A link to one of its outputs."""
        return [self.id, index]

    def set_input(self, key: str, value: Any) -> None:
        """Give an input a link or a value; None takes it away."""
        if value is None:
            self.inputs.pop(key, None)
        else:
            self.inputs[key] = value

    def get_input(self, key: str) -> Any:
        return self.inputs.get(key)

    def set_override_display_id(self, override_display_id: str) -> None:
        """Show its progress on that node instead of on the one that expands."""
        self.override_display_id = override_display_id

    def serialize(self) -> dict[str, Any]:
        entry: dict[str, Any] = {"class_type": self.class_type, "inputs": self.inputs}
        if self.override_display_id is not None:
            entry["override_display_id"] = self.override_display_id
        return entry


class GraphBuilder:
    """Nodes of one expansion. Inside a node's call ids are new by themselves; `prefix` sets what they begin with."""

    def __init__(self, prefix: str | None = None) -> None:
        self.prefix = _own_prefix() if prefix is None else prefix
        self.nodes: dict[str, BuilderNode] = {}
        self._next = 1

    def node(self, class_type: str, id: str | None = None, **kwargs: Any) -> BuilderNode:
        """Plan a node; asking for an id that is planned already gives that node."""
        name = id
        if name is None:
            name = str(self._next)
            self._next += 1
        full = f"{self.prefix}{name}"
        found = self.nodes.get(full)
        if found is None:
            found = self.nodes[full] = BuilderNode(full, class_type, {k: v for k, v in kwargs.items() if v is not None})
        return found

    def lookup_node(self, id: str) -> BuilderNode | None:
        """The node planned under an id (without the prefix)."""
        return self.nodes.get(f"{self.prefix}{id}")

    def remove_node(self, id: str) -> None:
        del self.nodes[f"{self.prefix}{id}"]

    def finalize(self) -> dict[str, dict[str, Any]]:
        """What goes under `expand` in a node's result."""
        return {node_id: planned.serialize() for node_id, planned in self.nodes.items()}


def _own_prefix() -> str:
    call = current_call()
    if call is None:
        return ""
    prefix = prefix_for(call.context.node, call.row, call.graphs)
    call.graphs += 1
    return prefix
