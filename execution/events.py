"""What a run tells while it goes on, in order, to one sink. All of it is plain data but a preview's image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from execution.errors import NodeError, NodeRef


@dataclass(frozen=True, slots=True)
class Started:
    """The run begins; always the first event."""

    nodes: int  # how many nodes what is asked for depends on, itself included


@dataclass(frozen=True, slots=True)
class Cached:
    """These nodes need not run: their results are known. Sent once at the start, later for nodes of expansions."""

    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NodeStarted:
    """A node begins, or (class-style lazy nodes) is looked at again after an input has come in."""

    node: NodeRef


@dataclass(frozen=True, slots=True)
class NodeFinished:
    """A node's outputs are known."""

    node: NodeRef
    seconds: float
    peak_bytes: int | None = None  # the most memory that it took, as the engine's meter has it; None: not measured
    reason: str | None = None  # why it ran (see `explain.Reasons.of`); the engine leaves that to those who listen


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a node is: `value` of `total`, both in its own unit."""

    node: NodeRef
    value: float
    total: float


@dataclass(frozen=True, slots=True)
class Preview:
    """A picture of work in progress; what `image` is, nodes and the caller agree on."""

    node: NodeRef
    image: Any


@dataclass(frozen=True, slots=True)
class UiOutput:
    """What the editor shows under a node; sent again from the cache for output nodes."""

    node: NodeRef
    output: Mapping[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Warned:
    """Something the user should know that stops nothing."""

    node: NodeRef | None
    sentence: str


@dataclass(frozen=True, slots=True)
class NodeBlocked:
    """A node was not called because an input carries a blocker with this message."""

    node: NodeRef
    message: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A node failed and the run ends."""

    error: NodeError


@dataclass(frozen=True, slots=True)
class RunCancelled:
    """The run was cancelled; `node` is the one that ran, if any."""

    node: NodeRef | None


@dataclass(frozen=True, slots=True)
class Finished:
    """Everything asked for is there; the last event of a run that succeeds."""

    seconds: float


Event = (
    Started
    | Cached
    | NodeStarted
    | NodeFinished
    | Progress
    | Preview
    | UiOutput
    | Warned
    | NodeBlocked
    | Failed
    | RunCancelled
    | Finished
)

Sink = Callable[[Event], None]
"""Takes events; called on the event loop's thread, in order."""
