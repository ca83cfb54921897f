"""The messages about a job, as the websocket sends them and the history keeps them (API_FACTS 2.1 and 3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from execution.errors import NodeRef
from execution.jobs.records import Job, JobError, Outcome

Message = tuple[str, dict[str, Any]]
"""Its type and its data."""

ENDINGS: Mapping[str, str] = {
    "node": "",
    "worker": "The process that ran the job ended: ",
    "server": "The server could not go on with the job: ",
}
EXCEPTIONS: Mapping[str, str] = {"node": "Exception", "worker": "WorkerDied", "server": "ServerError"}
"""The exception's type where none is known."""


def status(remaining: int, sid: str | None = None) -> Message:
    """How many jobs run and wait; with the client's own id as the first message that it gets."""
    data: dict[str, Any] = {"status": {"exec_info": {"queue_remaining": remaining}}}
    return "status", data if sid is None else {**data, "sid": sid}


def execution_start(job: Job) -> Message:
    return "execution_start", {"prompt_id": job.id, "timestamp": job.started or job.created}


def execution_cached(job: Job, nodes: tuple[str, ...]) -> Message:
    """Which nodes need not run."""
    return "execution_cached", {"nodes": list(nodes), "prompt_id": job.id, "timestamp": job.started or job.created}


def executing(job: Job, node: NodeRef | None) -> Message:
    """Which node runs now; None when the job is over and its history can be read."""
    if node is None:
        return "executing", {"node": None, "prompt_id": job.id}
    return "executing", {"node": node.id, "display_node": node.display, "prompt_id": job.id}


def progress(job: Job, node: NodeRef, value: float, total: float) -> Message:
    data = {"value": plain_number(value), "max": plain_number(total), "prompt_id": job.id, "node": node.id}
    return "progress", data


def executed(job: Job, node: NodeRef, output: Mapping[str, Any]) -> Message:
    """What a node shows."""
    data = {"node": node.id, "display_node": node.display, "output": dict(output), "prompt_id": job.id}
    return "executed", data


def blocked(job: Job, node: str, node_type: str, text: str) -> Message:
    """A node that was not called because what it needs is held back, with a text why."""
    data: dict[str, Any] = {
        "prompt_id": job.id,
        "node_id": node,
        "node_type": node_type,
        "executed": [],
        "exception_message": f"Execution Blocked: {text}",
        "exception_type": "ExecutionBlocked",
        "traceback": [],
        "current_inputs": [],
        "current_outputs": [],
    }
    return "execution_error", data


def ending(job: Job, outcome: Outcome) -> Message:
    """The message that tells how the job ended."""
    timestamp = job.ended or job.created
    if outcome.status == "success":
        return "execution_success", {"prompt_id": job.id, "timestamp": timestamp}
    if outcome.status == "cancelled":
        node, kind = outcome.cancelled_at or ("", "")
        data: dict[str, Any] = {"prompt_id": job.id, "node_id": node, "node_type": kind}
        data |= {"executed": _done(outcome, node), "timestamp": timestamp}
        return "execution_interrupted", data
    return "execution_error", execution_error(job, outcome, timestamp)


def execution_error(job: Job, outcome: Outcome, timestamp: int) -> dict[str, Any]:
    """What is told of a job that failed."""
    error = outcome.error or JobError("server", "no reason was recorded.")
    text = f"{ENDINGS[error.kind]}{error.message}"
    return {
        "prompt_id": job.id,
        "node_id": error.node or "",
        "node_type": error.node_type,
        "executed": _done(outcome, error.node),
        "exception_message": text if text.endswith("\n") else f"{text}\n",
        "exception_type": error.exception_type or EXCEPTIONS[error.kind],
        "traceback": list(error.traceback),
        "current_inputs": dict(error.inputs),
        "current_outputs": list(outcome.outputs),
        "weft_input": error.input_name,
        "timestamp": timestamp,
    }


def _done(outcome: Outcome, at: str | None) -> list[str]:
    """The nodes that ran to their end; the one that the job ended at did not."""
    return [node for node in outcome.executed if node != at]


def plain_number(value: float) -> float:
    """4 rather than 4.0, as counts are written."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
