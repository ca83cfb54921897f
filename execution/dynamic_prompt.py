"""The graph as a class-style node sees it through the hidden input DYNPROMPT."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from execution.dynamic_graph import DynamicGraph
from execution.graph import GraphNode, Link


class DynamicPrompt:
    """Read-only: the submitted nodes and those of expansions, each as the JSON object of an API prompt."""

    def __init__(self, graph: DynamicGraph, prompt: Callable[[], Mapping[str, Any]]) -> None:
        self._graph = graph
        self._prompt = prompt

    def get_node(self, node_id: str) -> dict[str, Any]:
        """`{"class_type", "inputs"}`, links as `[id, slot]`.

        Raises:
            KeyError: there is no such node.
        """
        return _entry(self._graph.nodes[node_id])

    def inputs(self, node_id: str) -> Mapping[str, Any]:
        """The inputs of a node, links as `Link`.

        Raises:
            KeyError: there is no such node.
        """
        return self._graph.nodes[node_id].inputs

    def consumers(self, node_id: str) -> list[str]:
        """The nodes that take an output of a node."""
        return self._graph.consumers(node_id)

    def type_of(self, node_id: str) -> str:
        """The type of a node.

        Raises:
            KeyError: there is no such node.
        """
        return self._graph.nodes[node_id].type

    def has_node(self, node_id: str) -> bool:
        return node_id in self._graph.nodes

    def all_node_ids(self) -> set[str]:
        return set(self._graph.nodes)

    def get_original_prompt(self) -> Mapping[str, Any]:
        """The API prompt as submitted."""
        return self._prompt()

    def get_real_node_id(self, node_id: str) -> str:
        """The submitted node that a node descends from."""
        return self._graph.ref(node_id).real

    def get_parent_node_id(self, node_id: str) -> str | None:
        """The node whose expansion made a node; None for a submitted one."""
        return self._graph.ref(node_id).parent

    def get_display_node_id(self, node_id: str) -> str:
        """The node that shows a node's progress."""
        return self._graph.ref(node_id).display


def _entry(node: GraphNode) -> dict[str, Any]:
    inputs = {n: [v.node, v.slot] if isinstance(v, Link) else v for n, v in node.inputs.items()}
    entry: dict[str, Any] = {"class_type": node.type, "inputs": inputs}
    if node.title:
        entry["_meta"] = {"title": node.title}
    return entry
