"""The graph while it runs: the submitted nodes and those that expansions add."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from threading import Lock

from execution.errors import NodeRef
from execution.graph import Graph, GraphNode

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
        self._consumers: dict[str, list[str]] | None = None  # made when somebody asks
        self._lock = Lock()  # async nodes ask on another thread than the one that adds

    def ref(self, node_id: str) -> NodeRef:
        """The node with the ids it goes by."""
        found = self._refs.get(node_id)
        if found is None:
            node_type = self.nodes[node_id].type
            found = self._refs[node_id] = NodeRef(node_id, node_type, node_id, None, node_id)
        return found

    def consumers(self, node_id: str) -> list[str]:
        """The nodes that take an output of a node, each once, in the order in which they joined. From any thread."""
        with self._lock:
            if self._consumers is None:
                self._consumers = {}
                _add_consumers(self._consumers, self.nodes.values())
            return list(self._consumers.get(node_id, ()))

    def add(self, parent: str, row: int, planned: Mapping[str, GraphNode], displays: Mapping[str, str]) -> None:
        """Let the nodes of one expansion join.

        Raises:
            ExpansionError: an id is taken, or a link leads to a node that is not there.
        """
        for node_id in planned:
            if node_id in self.nodes:
                raise ExpansionError(f"its expansion makes a node with the id {node_id}, which there is already.")
        with self._lock:
            self.nodes.update(planned)
            if self._consumers is not None:
                _add_consumers(self._consumers, planned.values())
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


def _add_consumers(consumers: dict[str, list[str]], nodes: Iterable[GraphNode]) -> None:
    for node in nodes:
        for source in dict.fromkeys(link.node for _, link in node.links()):
            consumers.setdefault(source, []).append(node.id)


def prefix_for(node: NodeRef, row: int, graph: int) -> str:
    """What the ids of an expansion begin with: `<parent>.<call>.<graph>.`; of very deep ones a digest of it."""
    parent = node.id
    if len(parent) > LONGEST_PREFIX:
        parent = f"{node.real}.{blake2b(parent.encode(), digest_size=12).hexdigest()}"
    return f"{parent}.{row}.{graph}."
