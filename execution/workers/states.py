"""What can be seen of workers and of running jobs from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Literal, NamedTuple

from execution.errors import NodeRef
from execution.events import Cached, Event, NodeFinished, NodeStarted, Progress, Started, UiOutput
from execution.workers.news import JobPicture
from execution.workers.reports import CACHED, NodeReport, Reports

WorkerStatus = Literal["starting", "ready", "busy", "dead", "stopped"]


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start one worker process."""

    name: str  # as people see it: "cuda:0"
    command: list[str]
    env: Mapping[str, str] = field(default_factory=dict[str, str])  # added to this process's own


@dataclass(frozen=True, slots=True)
class WorkerState:
    """One worker as it is now."""

    name: str
    status: WorkerStatus  # dead: it waits to be started again
    step: str = ""  # of starting: what it is doing
    reason: str | None = None  # how it died last, in a sentence; None after it has become ready
    failures: int = 0  # how often it died in a row while starting, or soon after
    restarts: int = 0  # all told
    pid: int | None = None
    job: str | None = None
    device: Mapping[str, Any] = field(default_factory=dict[str, Any])  # as last known
    versions: Mapping[str, str] = field(default_factory=dict[str, str])
    routes: tuple[tuple[str, str], ...] = ()  # (method, path) that node packs registered
    address: str | None = None  # where the worker serves those routes
    secret: str = ""


class Pace(NamedTuple):
    """Two moments of a node's own progress, as it was told: the first and the last. Times are monotonic."""

    first: float
    first_at: float
    last: float
    last_at: float


@dataclass(slots=True)
class JobProgress:
    """How far a running job is: what somebody who begins to watch now must be told."""

    job: str
    total: int = 0  # nodes that the run depends on
    planned: bool = False  # it is known which nodes need not run
    cached: dict[str, None] = field(default_factory=dict[str, None])
    finished: dict[str, NodeRef] = field(default_factory=dict[str, NodeRef])
    running: dict[str, NodeRef] = field(default_factory=dict[str, NodeRef])  # in the order they began
    steps: dict[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])  # value, total
    ui: dict[str, tuple[NodeRef, Mapping[str, list[Any]]]] = field(
        default_factory=dict[str, tuple[NodeRef, Mapping[str, list[Any]]]]
    )
    began: dict[str, float] = field(default_factory=dict[str, float])  # monotonic
    paces: dict[str, Pace] = field(default_factory=dict[str, "Pace"])
    preview: JobPicture | None = None
    reports: Reports = field(default_factory=dict[str, NodeReport])

    @property
    def node(self) -> NodeRef | None:
        """The node that began last and has not ended."""
        return next(reversed(self.running.values()), None) if self.running else None

    @property
    def done(self) -> int:
        """Nodes that need not run any more."""
        return len(self.finished.keys() | self.cached.keys())

    @property
    def step(self) -> tuple[float, float] | None:
        """Value and total of the present node's own progress."""
        return self.steps.get(self.node.id) if self.node is not None else None

    def take(self, event: Event) -> None:
        """Keep up with the run."""
        match event:
            case Started(nodes):
                self.total = nodes
            case Cached(nodes):
                self.planned = True
                self.cached.update(dict.fromkeys(nodes))
                for node_id in nodes:
                    self.reports.setdefault(node_id, CACHED)
            case NodeStarted(node):
                self.running[node.id] = node
                self.began[node.id] = monotonic()
            case Progress(node, value, total):
                self.steps[node.id] = (value, total)
                self._pace(node.id, value)
            case UiOutput(node, output):
                self.ui[node.id] = (node, output)
            case NodeFinished(node, seconds, peak, reason):
                self.reports[node.id] = NodeReport("ran", seconds, peak, reason)
                self.running.pop(node.id, None)
                self.finished[node.id] = node
                if self.preview is not None and self.preview.node.id == node.id:
                    self.preview = None
            case _:
                pass

    def _pace(self, node: str, value: float) -> None:
        now = monotonic()
        known = self.paces.get(node)
        begins = known is None or value < known.last  # it counts anew: another phase
        first, first_at = (value, now) if known is None or begins else known[:2]
        self.paces[node] = Pace(first, first_at, value, now)
