"""Expansion in function style: a node answers with nodes that compute its outputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple


class SubgraphOutput(NamedTuple):
    """Output `slot` of a node of a `Subgraph`: give it to another node's input, or return it."""

    node: SubgraphNode
    slot: int


@dataclass(eq=False, slots=True)
class SubgraphNode:
    """A node being planned. Inputs are outputs of other planned nodes or values, of any kind."""

    type: str
    inputs: dict[str, Any]
    display_id: str | None = None  # shows its progress on this node instead of on the one that expands
    name: str | None = None  # what its id ends with, unlike that of any other; by default its place in the subgraph

    def out(self, slot: int = 0) -> SubgraphOutput:
        return SubgraphOutput(self, slot)


@dataclass(eq=False, slots=True)
class Subgraph:
    """Nodes to run in place of this one, and which of their outputs (or which values) are its outputs.

    `return graph.returning(a.out(0), 5)` gives a node with two outputs.
    """

    nodes: list[SubgraphNode] = field(default_factory=list[SubgraphNode])
    results: tuple[Any, ...] = ()

    def add(self, node_type: str, /, *, display_id: str | None = None, **inputs: Any) -> SubgraphNode:
        """Plan a node of this registered type. An input may also be a `Link` to a node that is in the graph."""
        planned = SubgraphNode(node_type, inputs, display_id)
        self.nodes.append(planned)
        return planned

    def returning(self, *results: Any) -> Subgraph:
        """This subgraph with its outputs set, one per output of the node that returns it."""
        self.results = results
        return self
