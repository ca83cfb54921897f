"""What a result came from: the nodes upstream of one, with the values and files that they were given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from execution.ancestor import Ancestor
from execution.cache import Cache
from execution.dynamic_graph import DynamicGraph
from execution.graph import Link
from execution.keys import Keys
from execution.plan import Plan, Plans
from execution.schema import WIDGET_TYPES
from execution.work import Work


class Lineage:
    """Answers for the nodes of one run."""

    def __init__(self, graph: DynamicGraph, plans: Plans, keys: Keys, works: Mapping[str, Work], cache: Cache) -> None:
        self._graph = graph
        self._plans = plans
        self._keys = keys
        self._works = works
        self._cache = cache

    def of(self, node_id: str) -> list[Ancestor]:
        """A node that is being called, then everything that its inputs came from. From any thread.

        Branches that lazy inputs left out are not among them, as far as this run has seen that they were; the nodes
        that made others are, with those that they made in this run. When their results come from the cache, what
        they once made is not known.
        """
        made: dict[str, list[str]] = {}
        for child, origin in list(self._graph.origins.items()):
            made.setdefault(origin.parent, []).append(child)
        found: dict[str, Ancestor] = {}
        pending = [node_id]
        while pending:
            one = pending.pop()
            if one in found or one not in self._graph.nodes:
                continue
            plan = self._plans(self._graph.nodes[one].type)
            found[one] = self._ancestor(one, plan)
            pending += self._sources(one, plan)
            pending += made.get(one, ()) if one != node_id else ()
        return list(found.values())

    def _sources(self, node_id: str, plan: Plan) -> Iterator[str]:
        work = self._works.get(node_id)
        ran = work is not None and work.began > 0
        for name, link in self._graph.nodes[node_id].links():
            if not (ran and name in plan.lazy and link.node not in self._works):
                yield link.node
        origin = self._graph.origins.get(node_id)
        if origin is not None:  # what made it chose its inputs
            yield origin.parent

    def _ancestor(self, node_id: str, plan: Plan) -> Ancestor:
        values: dict[str, tuple[Any, ...]] = {}
        for name, value in self._graph.nodes[node_id].inputs.items():
            spec = plan.inputs.get(name)
            if spec is None or not (spec.is_combo or spec.type in WIDGET_TYPES):
                continue
            values[name] = self._linked(value) if isinstance(value, Link) else (value,)
        notes = self._keys.notes.get(node_id)
        files = dict(notes.files) if notes is not None else {}
        return Ancestor(self._graph.ref(node_id), plan.spec, values, files, plan.node.mentions)

    def _linked(self, link: Link) -> tuple[Any, ...]:
        """What a link gave; nothing where that was let go."""
        work = self._works.get(link.node)
        entry = work.entry if work is not None else None
        if entry is None and link.node in self._keys.of:
            entry = self._cache.peek(self._keys.of[link.node])
        return tuple(entry.outputs[link.slot]) if entry is not None and link.slot < len(entry.outputs) else ()
