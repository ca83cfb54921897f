"""What a job is, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal["pending", "running", "success", "error", "cancelled"]
ENDED: frozenset[Status] = frozenset({"success", "error", "cancelled"})


@dataclass(frozen=True, slots=True)
class NewJob:
    """A validated prompt that asks to be queued."""

    id: str
    prompt: Mapping[str, Any]  # the API prompt after validation: literals coerced, `__value__` unwrapped
    targets: tuple[str, ...]  # the output nodes that will run
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])  # `extra_data` of the request, client_id merged in
    number: float | None = None  # place in the queue, lowest first; None: a counter from 0
    front: bool = False  # minus the counter
    idempotency_key: str | None = None  # the same key and body answers with the first job
    body_digest: str = ""
    webhook: str | None = None  # told when the job has ended


@dataclass(frozen=True, slots=True)
class JobError:
    """Why a job failed, in neutral terms; the web layer gives it each API's shape."""

    kind: Literal["node", "worker", "server"]  # a node raised; the process died; the server could not go on
    message: str  # a sentence (of a node: the text of what it raised)
    exception_type: str = ""  # qualified class name
    node: str | None = None  # the submitted node's id
    node_type: str = ""
    traceback: tuple[str, ...] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict[str, Any])  # name -> list of JSON values
    input_name: str | None = None  # the input that is at fault, where the node said so
    disk_full: bool = False  # the node found no room on a disk: nothing is wrong with the job


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended and what it made. All of it is JSON data."""

    status: Literal["success", "error", "cancelled"]
    outputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])  # node id -> its ui
    meta: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    # ^ of those nodes: {"node_id", "display_node", "parent_node", "real_node_id"}
    cached: tuple[str, ...] = ()  # known when the run began
    executed: tuple[str, ...] = ()
    error: JobError | None = None
    cancelled_at: tuple[str, str] | None = None  # id and type of the node that ran when the job was cancelled
    seconds: float = 0.0
    blocked: tuple[Mapping[str, str], ...] = ()  # {"node", "node_type", "message"} of blockers that told something
    warnings: tuple[str, ...] = ()
    used: Mapping[str, Any] = field(default_factory=dict[str, Any])  # {"seeds": {...}, "models": {file: digest}}
    reports: Mapping[str, Any] = field(default_factory=dict[str, Any])  # see execution/workers/reports.py


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the store knows it. Times are Unix milliseconds."""

    id: str
    number: float
    status: Status
    prompt: Mapping[str, Any]
    targets: tuple[str, ...]
    extra: Mapping[str, Any]
    created: int
    started: int | None = None
    ended: int | None = None
    attempts: int = 0  # runs begun
    worker: str | None = None
    outcome: Outcome | None = None
    webhook: str | None = None

    @property
    def client_id(self) -> str | None:
        """Whose websocket hears of it."""
        given = self.extra.get("client_id")
        return given if isinstance(given, str) else None
