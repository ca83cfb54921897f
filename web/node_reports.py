"""What is told of a job's nodes: how long each took, how much memory, and why it ran or did not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from execution.explain import not_run, ran_because
from execution.jobs.records import Job
from execution.workers.reports import NodeReport


def report_objects(job: Job, reports: Mapping[str, NodeReport]) -> dict[str, dict[str, Any]]:
    """Reports as the API tells them."""
    return {node_id: _object(job, node_id, report) for node_id, report in reports.items()}


def _object(job: Job, node_id: str, report: NodeReport) -> dict[str, Any]:
    seconds = report.seconds
    return {
        "state": report.state,
        "seconds": None if seconds is None else round(seconds, 6),
        "peak_bytes": report.peak_bytes,
        "why": _why(job, node_id, report),
    }


def _why(job: Job, node_id: str, report: NodeReport) -> str | None:
    """A sentence that names nodes by their ids; None where nobody knows."""
    written = job.prompt.get(node_id)
    if not isinstance(written, Mapping):  # a node of an expansion
        name = f"Node {node_id}"
        return not_run(name) if report.state == "cached" else ran_because(name, None)
    name = f"Node {node_id} ({cast('Mapping[str, Any]', written).get('class_type')})"
    if report.state == "cached":
        return not_run(name)
    return None if report.reason is None else ran_because(name, report.reason)
