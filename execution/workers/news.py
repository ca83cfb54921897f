"""What the dispatcher tells those who listen: of jobs, of the queue, of workers. In order, on the event loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from execution.errors import NodeRef
from execution.events import Event
from execution.jobs.records import Job


@dataclass(frozen=True, slots=True)
class JobQueued:
    job: Job


@dataclass(frozen=True, slots=True)
class JobStarted:
    job: Job


@dataclass(frozen=True, slots=True)
class JobTold:
    """One event of a run; never a Preview (see `JobPicture`), never Failed, RunCancelled or Finished (`JobEnded`)."""

    job: Job
    event: Event


@dataclass(frozen=True, slots=True)
class JobPicture:
    job: Job
    node: NodeRef
    kind: Literal["preview", "image"]
    media_type: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class JobRetried:
    """Its worker died; it waits at the front of the queue for another."""

    job: Job
    reason: str


@dataclass(frozen=True, slots=True)
class JobEnded:
    """`job.outcome` is set, and committed: whoever asks the store now finds it."""

    job: Job


@dataclass(frozen=True, slots=True)
class QueueChanged:
    """Jobs came, went or moved, or the queue was paused or resumed."""

    remaining: int  # running and pending
    paused: str | None  # why it is paused


@dataclass(frozen=True, slots=True)
class WorkersChanged:
    """A worker started, became ready, died."""


@dataclass(frozen=True, slots=True)
class CatalogueChanged:
    """Other node types than before."""


@dataclass(frozen=True, slots=True)
class PackMessage:
    """A node pack's own websocket message."""

    event: str
    data: Any
    client: str | None


News = (
    JobQueued
    | JobStarted
    | JobTold
    | JobPicture
    | JobRetried
    | JobEnded
    | QueueChanged
    | WorkersChanged
    | CatalogueChanged
    | PackMessage
)
Listener = Callable[[News], None]
"""Must return at once."""
