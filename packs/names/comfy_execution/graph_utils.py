"""`comfy_execution.graph_utils`: planning expansions."""

from __future__ import annotations

from typing import Any

from execution.graph import is_link
from execution.graph_builder import BuilderNode as Node
from execution.graph_builder import GraphBuilder
from packs.lacking import lacking

__all__ = ["ExecutionBlocker", "GraphBuilder", "Node", "add_graph_prefix", "is_link"]

from execution.results import Blocked as ExecutionBlocker

__getattr__ = lacking(__name__)


def add_graph_prefix(
    graph: dict[str, dict[str, Any]], outputs: tuple[Any, ...], prefix: str
) -> tuple[dict[str, dict[str, Any]], tuple[Any, ...]]:
    """An expansion with all its ids behind a prefix, and outputs that link to it likewise."""

    def renamed(value: Any) -> Any:
        return [f"{prefix}{value[0]}", value[1]] if is_link(value) else value

    nodes = {
        f"{prefix}{node_id}": {**entry, "inputs": {name: renamed(value) for name, value in entry["inputs"].items()}}
        for node_id, entry in graph.items()
    }
    return nodes, tuple(renamed(output) for output in outputs)
