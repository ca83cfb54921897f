"""What a run is about to do: known before its first node is called, true while it goes on and afterwards."""

from __future__ import annotations

from collections.abc import Callable

from execution.dynamic_graph import DynamicGraph
from execution.explain import Reasons
from execution.keys import KeyRecord, Keys
from execution.registry import Registry


class Planned:
    """A run under way, for those who want to look at its keys. May be asked on any thread."""

    def __init__(self, graph: DynamicGraph, keys: Keys, registry: Registry, before: KeyRecord | None) -> None:
        self._graph = graph
        self._keys = keys
        self._registry = registry
        self._before = before

    def at(self, node_id: str) -> tuple[str, str] | None:
        """Key and type of a node; None: the run has come across no such node, or not yet."""
        key = self._keys.of.get(node_id)
        return None if key is None else (key, self._graph.nodes[node_id].type)

    def record(self) -> KeyRecord:
        """What `Reasons` needs: of submitted nodes alone, for expansions hold objects."""
        made, notes = self._keys.of, self._keys.notes
        nodes = {node_id: node for node_id, node in self._graph.submitted.items() if node_id in made}
        keys = {node_id: made[node_id] for node_id in nodes}
        codes = {kind: self._registry[kind].code for kind in {node.type for node in nodes.values()}}
        return KeyRecord(nodes, keys, codes, {name: note for name, note in tuple(notes.items()) if name in nodes})

    def reasons(self) -> Reasons:
        """Why the nodes of the run run."""
        return Reasons(self.record(), self._before)

    def all(self) -> dict[str, tuple[str, str]]:
        """Key and type of every node; once the run is over."""
        nodes = self._graph.nodes
        return {node_id: (key, nodes[node_id].type) for node_id, key in self._keys.of.items()}


OnPlanned = Callable[[Planned], None]
"""Called on the device thread; must return at once."""
