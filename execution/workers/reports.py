"""What is told of a job's nodes once they have run: how long, how much memory, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, cast

State = Literal["ran", "cached", "failed"]


class NodeReport(NamedTuple):
    """One node of a run. A cached node took nothing; a failed one what it took until then."""

    state: State
    seconds: float | None = None
    peak_bytes: int | None = None  # see execution/metering.py
    reason: str | None = None  # why it ran, as what follows "because"


CACHED = NodeReport("cached")

Reports = dict[str, NodeReport]
"""By node id, those of expansions among them."""


def pack_reports(reports: Mapping[str, NodeReport]) -> dict[str, Any]:
    """As JSON data for the job's record: many nodes share a reason, which is written once."""
    reasons: dict[str, int] = {}
    nodes: dict[str, list[Any]] = {}
    for node_id, (state, seconds, peak, reason) in reports.items():
        number = None if reason is None else reasons.setdefault(reason, len(reasons))
        packed = [state, None if seconds is None else round(seconds, 6), peak, number]
        while packed[-1] is None:
            packed.pop()
        nodes[node_id] = packed
    return {"reasons": list(reasons), "nodes": nodes} if nodes else {}


def unpack_reports(data: Mapping[str, Any]) -> Reports:
    """The reports again; nothing of what is none."""
    reasons = cast("list[str]", data.get("reasons", []))
    reports: Reports = {}
    for node_id, packed in cast("Mapping[str, list[Any]]", data.get("nodes", {})).items():
        state, *known = packed
        seconds, peak, number = cast("list[Any]", [*known, None, None, None])[:3]
        reports[node_id] = NodeReport(state, seconds, peak, None if number is None else reasons[number])
    return reports
