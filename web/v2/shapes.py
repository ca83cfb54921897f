"""Jobs, outputs and assets as API v2 writes them. What is null is written, not left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, cast

from execution.jobs.records import ENDED, Job, JobError, Status
from web.v2.assets import Asset
from web.v2.ids import public_job_id
from web.v2.links import content_link, job_links
from web.v2.live import RunningJob
from web.v2.media import output_kind
from web.v2.times import DAY, now, written, written_or_none

KEPT_DAYS = 30
"""For how long jobs and their outputs are promised. Weft keeps them until they are deleted."""
LINK_DAYS = 1
OWN_DATA = "api_v2"
"""The key of a job's extra data under which API v2 keeps what is its own: the labels."""

STATUSES: Mapping[Status, str] = {
    "pending": "queued",
    "running": "running",
    "success": "succeeded",
    "error": "failed",
    "cancelled": "canceled",
}
STORED: Mapping[str, tuple[Status, ...]] = {
    "queued": ("pending",),
    "running": ("running",),
    "canceling": ("running",),
    "succeeded": ("success",),
    "failed": ("error",),
    "canceled": ("cancelled",),
    "expired": (),
}
"""What a status of the contract means in the store."""

ERROR_CODES = {"node": "node_execution_error", "worker": "worker_died", "server": "internal_error"}


def status_of(job: Job, live: RunningJob | None) -> str:
    """A job's status; a running one that was asked to stop is `canceling`."""
    if job.status == "running" and live is not None and live.canceling:
        return "canceling"
    return STATUSES[job.status]


def job_json(
    job: Job, base: str, *, live: RunningJob | None, position: int | None, assets: Sequence[Asset]
) -> dict[str, Any]:
    """A job. `position` counts from 1 and is of a queued one; `assets` are what it has made so far."""
    public = public_job_id(job.id)
    used = job.outcome.used if job.outcome is not None else None
    return {
        "id": public,
        "status": status_of(job, live),
        "created_at": written(job.created),
        "started_at": written_or_none(job.started),
        "completed_at": written_or_none(job.ended),
        "expires_at": written((job.ended or max(job.created, now())) + KEPT_DAYS * DAY),
        "queue_position": position,
        "progress": progress_json(job, live),
        "outputs": [output_json(asset, base) for asset in assets],
        "error": error_json(job.outcome.error) if job.outcome is not None and job.outcome.error else None,
        "metrics": metrics_json(job),
        "metadata": labels_of(job),
        "used": dict(used) if used else None,
        "urls": job_links(base, public),
    }


def summary_json(job: Job, live: RunningJob | None) -> dict[str, Any]:
    """A job of a list: without outputs and links."""
    return {
        "id": public_job_id(job.id),
        "status": status_of(job, live),
        "create_time": written(job.created),
        "update_time": written(job.ended or job.started or job.created),
        "created_at": written(job.created),
        "started_at": written_or_none(job.started),
        "completed_at": written_or_none(job.ended),
        "metadata": labels_of(job),
    }


def progress_json(job: Job, live: RunningJob | None) -> dict[str, Any] | None:
    """How far a job is; null before it runs."""
    if live is not None and job.status == "running":
        return live.to_json()
    if job.outcome is None:
        return None
    total = len({*job.outcome.executed, *job.outcome.cached})
    done = job.status == "success"
    return {
        "value": 1.0 if done else 0.0,
        "nodes_done": total,
        "nodes_total": max(total, len(job.targets)),
        "current_node": None,
        "current_node_class": None,
        "step": None,
        "steps": None,
        "message": None,
    }


def error_json(error: JobError) -> dict[str, Any]:
    """Why a job failed."""
    return {
        "code": ERROR_CODES[error.kind],
        "message": error.message,
        "node_id": error.node,
        "class_type": error.node_type or None,
        "inputs": dict(error.inputs),
        "traceback": None,  # part of the contract; where the server's code lies is nothing for clients
    }


def metrics_json(job: Job) -> dict[str, int | None]:
    """Milliseconds in the queue and at work."""
    started, ended = job.started, job.ended
    return {
        "queue_ms": None if started is None else max(0, started - job.created),
        "execution_ms": None if started is None or ended is None else max(0, ended - started),
    }


def output_json(asset: Asset, base: str) -> dict[str, Any]:
    """What a node made. The name has no folders, so that it may be used for a file."""
    return {
        "node_id": asset.node or "",
        "name": PurePosixPath(asset.name).name,
        "type": "text" if asset.text is not None else output_kind(asset.name),
        "content_type": asset.content_type,
        "size_bytes": asset.size,
        "id": asset.id,
        "hash": asset.hash,
        "url": content_link(base, asset.id),
        "url_expires_at": written(now() + LINK_DAYS * DAY),
        "job_id": None if asset.job is None else public_job_id(asset.job),
    }


def asset_json(asset: Asset, base: str, created_new: bool | None = None) -> dict[str, Any]:
    """An asset; `created_new` is told where one was asked to be made."""
    shape: dict[str, Any] = {
        "id": asset.id,
        "hash": asset.hash,
        "size_bytes": asset.size,
        "content_type": asset.content_type,
        "file_path": asset.file_path,
        "created_at": written(asset.created),
        "url": content_link(base, asset.id),
        "url_expires_at": written(now() + LINK_DAYS * DAY),
        "expires_at": None,
        "job_id": None if asset.job is None else public_job_id(asset.job),
        "tags": list(asset.tags),
    }
    return shape if created_new is None else {**shape, "created_new": created_new}


def labels_of(job: Job) -> dict[str, str]:
    """The labels that the job was submitted with."""
    own = job.extra.get(OWN_DATA)
    labels = cast("Mapping[str, Any]", own).get("metadata") if isinstance(own, Mapping) else None
    return dict(cast("Mapping[str, str]", labels)) if isinstance(labels, Mapping) else {}


def has_ended(job: Job) -> bool:
    return job.status in ENDED
