"""What flowed in the last jobs: which result each of their nodes had, by key."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, cast

from execution.cache import Cache
from execution.planned import Planned
from execution.registry import Registry

JOBS = 64  # remembered
NODES = 500_000  # of all those jobs together


class NotThereError(Exception):
    """What was asked for is not there; `status` is HTTP's word for why, the text a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


class Flowed(NamedTuple):
    """What an output of a node gave in a job."""

    job: str
    node: str
    slot: int
    type: str  # as the node declares it
    items: list[Any] | None  # None: it is not kept any more


class _Run(Protocol):
    """A job's nodes: those of a run under way, or what is left of one."""

    def at(self, node_id: str) -> tuple[str, str] | None:
        """Key and type of a node."""
        ...


@dataclass(frozen=True, slots=True)
class _Over:
    """A run that is over."""

    nodes: Mapping[str, tuple[str, str]]

    def at(self, node_id: str) -> tuple[str, str] | None:
        return self.nodes.get(node_id)


def family_of(extra: Mapping[str, Any]) -> str:
    """Which workflow a job is a run of: the editor's tab, else the id that the workflow has in its file."""
    tab = extra.get("weft_tab")
    if isinstance(tab, str) and tab:
        return tab
    pnginfo = extra.get("extra_pnginfo")
    workflow = cast("Mapping[str, Any]", pnginfo).get("workflow") if isinstance(pnginfo, Mapping) else None
    known = cast("Mapping[str, Any]", workflow).get("id") if isinstance(workflow, Mapping) else None
    return known if isinstance(known, str) else ""


class Flows:
    """The keys of the last jobs' nodes. Values are looked up in the cache, where looking does not count as use.

    Written by the threads that run jobs, read by any other.
    """

    def __init__(self, cache: Cache, registry: Registry) -> None:
        self._cache = cache
        self._registry = registry
        self._runs: OrderedDict[str, _Run] = OrderedDict()  # by job, the newest last
        self._families: dict[str, str] = {}  # by job: the workflow that it is a run of, as `family_of` tells it
        self._lock = threading.Lock()

    def begin(self, job: str, planned: Planned, family: str = "") -> None:
        """A job is about to run; only jobs of one family are compared, for ids of nodes mean nothing beyond it."""
        with self._lock:
            self._runs.pop(job, None)
            self._runs[job] = planned
            self._families[job] = family

    def end(self, job: str) -> None:
        """A job is over: what its nodes were is kept, the rest of its run let go."""
        with self._lock:
            planned = self._runs.get(job)
            if isinstance(planned, Planned):
                self._runs[job] = _Over(planned.all())
            while len(self._runs) > 1 and (len(self._runs) > JOBS or self._nodes() > NODES):
                self._families.pop(self._runs.popitem(last=False)[0], None)

    def find(self, job: str, node: str, slot: int) -> Flowed:
        """What flowed out of an output of a node.

        Raises:
            NotThereError: the job is not remembered, or had no such node or output.
        """
        run = self._runs.get(job)
        if run is None:
            raise NotThereError(410, "The worker does not remember this job any more: run it again to look at it.")
        at = run.at(node)
        if at is None:
            raise NotThereError(404, f"Node {node[:80]} took no part in this job.")
        return self._flowed(job, node, slot, *at)

    def before(self, job: str, node: str, slot: int) -> Flowed | None:
        """The same output in the last job before in which it was another one, rather in one that is still kept.

        None: no such job is remembered.
        """
        run = self._runs.get(job)
        at = None if run is None else run.at(node)
        if at is None:
            return None
        first: Flowed | None = None
        for name, key in self._others(job, node, *at):
            flowed = self._flowed(name, node, slot, key, at[1])
            if flowed.items is not None:
                return flowed
            first = first or flowed
        return first

    def _others(self, job: str, node: str, key: str, kind: str) -> Iterator[tuple[str, str]]:
        """Earlier jobs in which a node had other keys, and those keys, each key once."""
        with self._lock:
            runs = list(self._runs.items())
        names = [name for name, _ in runs]
        seen = {key}
        family = self._families.get(job)
        for name, run in reversed(runs[: names.index(job)] if job in names else []):
            if self._families.get(name) != family:
                continue
            at = run.at(node)
            if at is not None and at[1] == kind and at[0] not in seen:
                seen.add(at[0])
                yield name, at[0]

    def _flowed(self, job: str, node: str, slot: int, key: str, kind: str) -> Flowed:
        found = self._registry.get(kind)
        outputs = () if found is None else found.spec.outputs
        if not 0 <= slot < len(outputs):
            raise NotThereError(404, f"Node {node[:80]} ({kind}) has no output {slot}: it has {len(outputs)}.")
        entry = self._cache.peek(key)
        items = None if entry is None or slot >= len(entry.outputs) else entry.outputs[slot]
        return Flowed(job, node, slot, str(outputs[slot].type), items)

    def _nodes(self) -> int:
        return sum(len(run.nodes) for run in self._runs.values() if isinstance(run, _Over))
