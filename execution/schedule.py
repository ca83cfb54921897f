"""Which node may run next: demand, waiting and readiness. Knows nothing of calling nodes."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable

from execution.cache import Cache, Entry
from execution.dynamic_graph import DynamicGraph
from execution.errors import DependencyCycleError, NodeError
from execution.graph import Link
from execution.keys import Keys
from execution.plan import Plan, Plans
from execution.work import State, Work, wait_cycle


class Schedule:
    """The demanded part of a graph. Used by one thread at a time."""

    def __init__(
        self,
        graph: DynamicGraph,
        keys: Keys,
        plans: Plans,
        cache: Cache,
        works: dict[str, Work],
        known: Callable[[Work], None],
    ) -> None:
        self.graph = graph
        self.keys = keys
        self.works = works
        self._plans = plans
        self._cache = cache
        self._known = known  # told of each node whose result is taken from the cache or from an equal node
        self._ready: list[tuple[int, int, Work]] = []
        self._under_way: dict[str, Work] = {}  # key -> the first node with it that is not done
        self._count = 0

    def demand(self, node_id: str) -> Work:
        """Need a node's result: it and what it depends on will run, unless they are known."""
        found = self._find(node_id)
        if found is not None:
            return found
        wanted = self._enter(node_id)
        pending = [wanted]
        while pending:
            work = pending.pop()
            if work.done:
                continue
            if work.twin is not None:
                self.wait(work, work.twin)
                continue
            entered: list[Work] = []
            for source_id in self._needed_first(work):
                source = self._find(source_id)
                if source is None:
                    source = self._enter(source_id)
                    entered.append(source)
                self.wait(work, source)
            pending.extend(reversed(entered))
            if not work.waits:
                self.push(work)
        return wanted

    def _find(self, node_id: str) -> Work | None:
        """The node's work, unless its result was let go and nobody has it any more."""
        work = self.works.get(node_id)
        if work is not None and work.done and work.entry is None:
            work.entry = self._cache.get(work.key, work.root)
            return work if work.entry is not None else None
        return work

    def _enter(self, node_id: str) -> Work:
        node = self.graph.nodes[node_id]
        ref = self.graph.ref(node_id)
        keys = self.keys.of
        key = keys[node_id]
        self._count += 1
        work = Work(node, self._plans(node.type), ref, key, keys[ref.real], self._count)
        work.held = not work.plan.node.kept  # no cache has its result, and its expansion can join only once
        self.works[node_id] = work
        entry = self._cache.get(key, work.root)
        if entry is not None:
            work.state, work.entry = State.DONE, entry
            self._known(work)
        else:
            work.twin = self._under_way.get(key)
            if work.twin is None:
                self._under_way[key] = work
        return work

    @staticmethod
    def _needed_first(work: Work) -> Iterable[str]:
        """The sources that a node needs before it is looked at: all but those of lazy inputs."""
        plan: Plan = work.plan
        lazy = plan.lazy
        values = work.node.inputs
        if lazy:
            return dict.fromkeys(v.node for n, v in values.items() if v.__class__ is Link and n not in lazy)
        return dict.fromkeys(v.node for v in values.values() if v.__class__ is Link)

    def wait(self, consumer: Work, source: Work) -> None:
        """Let `consumer` wait for `source` and keep its result until `consumer` is done."""
        consumer.sources.append(source)
        source.holders += 1
        if not source.done and source not in consumer.waits:
            consumer.waits.add(source)
            source.consumers.append(consumer)
            if consumer.plan.urgent:
                source.feeds_urgent = True

    def check_cycle(self, work: Work) -> None:
        """Refuse that a node waits for itself; asked whenever a node under way comes to wait for more.

        Raises:
            NodeError: it does; names the submitted node whose expansion made it so.
        """
        cycle = wait_cycle(work)
        if cycle is None:
            return
        made = next((w for w in cycle if w.ref.parent is not None), cycle[0])
        names = " -> ".join(str(w.ref.id) for w in [*cycle, cycle[0]])
        error = DependencyCycleError(f"Nodes wait for each other: {names}.")
        raise NodeError(
            self.graph.ref(made.ref.real), f"dependency cycle: the nodes it stands for wait for each other ({names})."
        ) from error

    def push(self, work: Work) -> None:
        """A node waits for nothing more: its turn will come."""
        heapq.heappush(self._ready, (work.rank(), work.number, work))

    def pop(self) -> Work | None:
        """The node whose turn it is."""
        return heapq.heappop(self._ready)[2] if self._ready else None

    def complete(self, work: Work, entry: Entry) -> list[Work]:
        """A node's result is there; those of its consumers that run and asked for it are returned."""
        work.state = State.DONE
        work.entry = entry if work.holders or work.held else None
        work.results = []
        if self._under_way.get(work.key) is work:
            del self._under_way[work.key]
        asked: list[Work] = []
        for consumer in work.consumers:
            consumer.waits.discard(work)
            if consumer.state is State.RUNNING:
                asked.append(consumer)
            elif not consumer.waits:
                self.push(consumer)
        work.consumers = []
        for source in work.sources:
            source.holders -= 1
            if not source.holders and not source.held:
                source.entry = None
        work.sources = []
        return asked

    def unfinished(self) -> list[Work]:
        return [work for work in self.works.values() if not work.done]
