"""Expansion: a node answers with nodes, whose outputs become its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from execution.dynamic_graph import DynamicGraph, ExpansionError, prefix_for
from execution.errors import NodeError, NodeRef
from execution.graph import GraphNode, Link, is_link
from execution.keys import Keys
from execution.mapping import Resolved, Result
from execution.node import Returned
from execution.plan import Plans
from execution.results import Blocked
from execution.schedule import Schedule
from execution.subgraph import Subgraph, SubgraphNode, SubgraphOutput
from execution.work import State, Work


class Expander:
    """Lets the nodes of expansions join a run."""

    def __init__(self, graph: DynamicGraph, keys: Keys, plans: Plans, schedule: Schedule) -> None:
        self._graph = graph
        self._keys = keys
        self._plans = plans
        self._schedule = schedule

    def expand(self, work: Work, results: list[Result]) -> None:
        """Add the nodes that calls of a node returned; it waits for those whose outputs it gives, and for outputs.

        Raises:
            NodeError: what was returned is no graph, or its nodes wait for each other.
        """
        graph, schedule = self._graph, self._schedule
        new: list[str] = []
        links: list[Link] = []
        try:
            for row, result in enumerate(results):
                if isinstance(result, Blocked) or result.expansion is None:
                    continue
                expansion = _read_expansion(result, work.ref, row)
                graph.add(work.ref.id, row, expansion.nodes, expansion.displays)
                new += expansion.nodes
                links += [value for value in expansion.outputs if isinstance(value, Link)]
                results[row] = Returned(expansion.outputs, result.ui)
            for link in links:
                if link.node not in graph.nodes:
                    raise ExpansionError(f"its expansion returns an output of node {link.node}, which is not there.")
        except ExpansionError as error:
            raise NodeError(work.ref, str(error)) from error
        self._keys.compute([*new, *(link.node for link in links)])
        work.results = results
        work.state = State.EXPANDING
        outputs = (n for n in new if self._plans(graph.nodes[n].type).spec.output_node)
        for node_id in dict.fromkeys([*(link.node for link in links), *outputs]):
            schedule.wait(work, schedule.demand(node_id))
        if work.waits:
            schedule.check_cycle(work)
        else:
            schedule.push(work)

    def collect(self, work: Work) -> list[Result]:
        """The results of a node whose expansion is done, with the values that its nodes gave.

        Raises:
            NodeError: an output is asked for that a node does not have.
        """
        results: list[Result] = []
        for result in work.results:
            if not isinstance(result, Blocked):
                values = tuple(self._resolve(work, value) for value in result.outputs)
                results.append(Returned(values, result.ui))
            else:
                results.append(result)
        return results

    def _resolve(self, work: Work, value: Any) -> Any:
        if value.__class__ is not Link:
            return value
        source = self._schedule.works[value.node]
        assert source.entry is not None  # held by the expanding node
        outputs = source.entry.outputs
        if not 0 <= value.slot < len(outputs):
            raise NodeError(
                work.ref, f"its expansion returns output {value.slot} of node {source.ref}, which has {len(outputs)}."
            )
        return Resolved(outputs[value.slot])


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
    ids = {id(planned): f"{prefix}{planned.name or number}" for number, planned in enumerate(subgraph.nodes, 1)}

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
        fields: Mapping[str, Any] = cast("Mapping[str, Any]", entry) if isinstance(entry, Mapping) else {}
        kind = fields.get("class_type")
        if not isinstance(kind, str):
            raise ExpansionError(f"its expansion has a node {node_id} without class_type.")
        written = cast("Mapping[str, Any]", fields.get("inputs") or {})
        nodes[node_id] = GraphNode(node_id, kind, {name: _linked(value) for name, value in written.items()})
        shown_by = fields.get("override_display_id")
        if shown_by is not None:
            displays[node_id] = str(shown_by)
    return Expansion(nodes, displays, tuple(_linked(value) for value in outputs))


def _linked(value: Any) -> Any:
    return Link(value[0], int(value[1])) if is_link(value) else value


def _read_expansion(result: Returned, parent: NodeRef, row: int) -> Expansion:
    expansion = result.expansion
    if isinstance(expansion, Subgraph):
        return read_subgraph(expansion, parent, row)
    return read_expand_dict(expansion, result.outputs)
