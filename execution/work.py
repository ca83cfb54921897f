"""One node of a run, from being needed to being done."""

from __future__ import annotations

from asyncio import Future
from enum import Enum, auto
from typing import Any

from execution.cache import Entry
from execution.errors import NodeRef
from execution.graph import GraphNode
from execution.plan import Plan


class State(Enum):
    WAITING = auto()  # for its sources, or for its turn
    RUNNING = auto()  # an async node under way
    EXPANDING = auto()  # called; waits for the nodes of its expansion
    DONE = auto()


class Work:
    """A node that the run needs, and how far it is."""

    __slots__ = (
        "awaiting",
        "began",
        "consumers",
        "entry",
        "feeds_urgent",
        "held",
        "holders",
        "key",
        "node",
        "number",
        "peak",
        "plan",
        "ref",
        "results",
        "root",
        "seconds",
        "sources",
        "state",
        "twin",
        "waits",
    )

    def __init__(self, node: GraphNode, plan: Plan, ref: NodeRef, key: str, root: str, number: int) -> None:
        self.node = node
        self.plan = plan
        self.ref = ref
        self.key = key
        self.root = root  # key of the submitted node that it descends from
        self.number = number  # in which order it was found to be needed
        self.state = State.WAITING
        self.entry: Entry | None = None  # the result, while somebody may still want it
        self.waits: set[Work] = set()  # what must be done first
        self.consumers: list[Work] = []  # who waits for this
        self.sources: list[Work] = []  # whose results it keeps from being let go
        self.holders = 0  # how many keep this one's result
        self.held = False  # kept until the run ends
        self.feeds_urgent = False
        self.twin: Work | None = None  # an equal node under way, whose result it will take
        self.results: list[Any] = []  # per call, what it gave, while it expands
        self.began = 0.0  # when it was called (perf_counter); 0: not yet
        self.seconds = 0.0
        self.peak: int | None = None  # bytes, see metering.py
        self.awaiting: dict[Work, list[tuple[Future[list[Any]], int]]] = {}  # lazy inputs asked for by a running node

    @property
    def done(self) -> bool:
        return self.state is State.DONE

    def rank(self) -> int:
        """Its place among the ready: outputs and async nodes, then what feeds one, then what is two steps away."""
        if self.plan.urgent:
            return 0
        if self.feeds_urgent:
            return 1
        return 2 if any(consumer.feeds_urgent for consumer in self.consumers) else 3


def wait_cycle(start: Work) -> list[Work] | None:
    """The nodes through which `start` waits for itself, itself first; None when it does not."""
    came_from: dict[Work, Work] = {}
    pending = [start]
    while pending:
        work = pending.pop()
        for needed in work.waits:
            if needed is start:
                path = [work]
                while path[-1] is not start:
                    path.append(came_from[path[-1]])
                return path[::-1]
            if needed not in came_from and not needed.done:
                came_from[needed] = work
                pending.append(needed)
    return None
