"""The graph while it runs: the submitted nodes and those that expansions add."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, cast

from execution.errors import NodeRef
from execution.graph import Graph, GraphNode, Link, is_link
from execution.subgraph import Subgraph, SubgraphNode, SubgraphOutput

LONGEST_PREFIX = 200  # characters; ids of deeper expansions hold a digest instead of the whole way


@dataclass(frozen=True, slots=True)
class Origin:
    """Which call of which node made a node, and as which of its nodes."""

    parent: str
    row: int
    position: int


class ExpansionError(ValueError):
    """What a node returned as its expansion is no graph; the text says what is wrong."""


class DynamicGraph:
    """A submitted graph that grows. Knows of each node which node made it and which one shows it."""

    def __init__(self, submitted: Graph) -> None:
        self.submitted = submitted
        self.nodes: dict[str, GraphNode] = dict(submitted)
        self.origins: dict[str, Origin] = {}
        self._refs: dict[str, NodeRef] = {}

    def ref(self, node_id: str) -> NodeRef:
        """The node with the ids it goes by."""
        found = self._refs.get(node_id)
        if found is None:
            node_type = self.nodes[node_id].type
            found = self._refs[node_id] = NodeRef(node_id, node_type, node_id, None, node_id)
        return found

    def add(self, parent: str, row: int, planned: Mapping[str, GraphNode], displays: Mapping[str, str]) -> None:
        """Let the nodes of one expansion join.

        Raises:
            ExpansionError: an id is taken, or a link leads to a node that is not there.
        """
        for node_id in planned:
            if node_id in self.nodes:
                raise ExpansionError(f"its expansion makes a node with the id {node_id}, which there is already.")
        self.nodes.update(planned)
        made_by = self.ref(parent)
        for position, (node_id, node) in enumerate(planned.items()):
            shown_by = displays.get(node_id, parent)
            display = self.ref(shown_by).display if shown_by in self.nodes else shown_by
            self._refs[node_id] = NodeRef(node_id, node.type, display, parent, made_by.real)
            self.origins[node_id] = Origin(parent, row, position)
        for node in planned.values():
            for name, link in node.links():
                if link.node not in self.nodes:
                    raise ExpansionError(
                        f"its expansion links input {name} of {node.type} to node {link.node}, which is not there."
                    )


def prefix_for(node: NodeRef, row: int, graph: int) -> str:
    """What the ids of an expansion begin with: `<parent>.<call>.<graph>.`; of very deep ones a digest of it."""
    parent = node.id
    if len(parent) > LONGEST_PREFIX:
        parent = f"{node.real}.{blake2b(parent.encode(), digest_size=12).hexdigest()}"
    return f"{parent}.{row}.{graph}."


@dataclass(slots=True)
class Expansion:
    """One call's expansion in the engine's terms: `outputs` hold a `Link` wherever a new node gives the value."""

    nodes: dict[str, GraphNode]
    displays: dict[str, str]  # node -> the node that shows it, where that is not the expanding one
    outputs: tuple[Any, ...]


def read_subgraph(subgraph: Subgraph, parent: NodeRef, row: int) -> Expansion:
    """A function-style expansion.

    Raises:
        ExpansionError: an output of a node that is not in the subgraph is used.
    """
    prefix = prefix_for(parent, row, 0)
    ids = {id(planned): f"{prefix}{number}" for number, planned in enumerate(subgraph.nodes, 1)}

    def resolve(value: Any) -> Any:
        if not isinstance(value, SubgraphOutput):
            return value
        return Link(_id_of(ids, value.node), value.slot)

    nodes: dict[str, GraphNode] = {}
    displays: dict[str, str] = {}
    for planned in subgraph.nodes:
        node_id = ids[id(planned)]
        inputs = {name: resolve(value) for name, value in planned.inputs.items()}
        nodes[node_id] = GraphNode(node_id, planned.type, inputs)
        if planned.display_id is not None:
            displays[node_id] = planned.display_id
    return Expansion(nodes, displays, tuple(resolve(value) for value in subgraph.results))


def _id_of(ids: Mapping[int, str], planned: SubgraphNode) -> str:
    found = ids.get(id(planned))
    if found is None:
        raise ExpansionError(f"its subgraph uses an output of a {planned.type} that belongs to another subgraph.")
    return found


def read_expand_dict(expand: Mapping[str, Any], outputs: tuple[Any, ...]) -> Expansion:
    """A class-style expansion: {id: {"class_type", "inputs", "override_display_id"?}}, links as `[id, slot]`.

    Raises:
        ExpansionError: a node has no class_type.
    """
    nodes: dict[str, GraphNode] = {}
    displays: dict[str, str] = {}
    for given_id, entry in expand.items():
        node_id = str(given_id)
        kind: Any = entry.get("class_type") if isinstance(entry, Mapping) else None
        if not isinstance(kind, str):
            raise ExpansionError(f"its expansion has a node {node_id} without class_type.")
        fields = cast("Mapping[str, Any]", entry)
        written = cast("Mapping[str, Any]", fields.get("inputs") or {})
        nodes[node_id] = GraphNode(node_id, kind, {name: _linked(value) for name, value in written.items()})
        shown_by = fields.get("override_display_id")
        if shown_by is not None:
            displays[node_id] = str(shown_by)
    return Expansion(nodes, displays, tuple(_linked(value) for value in outputs))


def _linked(value: Any) -> Any:
    return Link(value[0], int(value[1])) if is_link(value) else value
