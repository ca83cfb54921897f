"""GET /api/status: the server at a glance, for pages that show it."""

from __future__ import annotations

import time
from typing import Any, cast

from aiohttp import web

from execution.jobs.records import Job
from execution.workers.dispatcher import Dispatcher
from execution.workers.states import JobProgress, WorkerState
from web.answers import json_answer
from web.route import Route
from web.site import site
from web.version import VERSION

SHOWN_PENDING = 20
SHOWN_ENDED = 6
EXACT = 500
"""Up to so many jobs all are read, to list them in the order in which they run; of more, the oldest are listed."""


async def get_status(request: web.Request) -> web.Response:
    """Workers, queue and the last jobs."""
    server = site(request)
    dispatcher = server.dispatcher
    pending, waiting = await _pending(dispatcher)
    ended, _ = await dispatcher.store.jobs(["success", "error", "cancelled"], SHOWN_ENDED, 0)
    return json_answer(
        {
            "version": VERSION,
            "seconds": time.monotonic() - server.started,
            "paused": dispatcher.paused,
            "workers": [_worker(worker) for worker in dispatcher.workers],
            "packs": [{"name": pack.name, "nodes": len(pack.nodes), "error": pack.error} for pack in dispatcher.packs],
            "running": [_running(dispatcher, job) for job in dispatcher.running],
            "pending": [_job(dispatcher, job) for job in pending],
            "pending_total": waiting,
            "ended": [_ended(dispatcher, job) for job in ended],
        }
    )


async def _pending(dispatcher: Dispatcher) -> tuple[list[Job], int]:
    """The jobs that run next, and how many wait in all."""
    store = dispatcher.store
    if store.remaining <= EXACT:
        _, pending = await store.queue()
        return pending[:SHOWN_PENDING], len(pending)
    oldest, waiting = await store.jobs(["pending"], SHOWN_PENDING, 0, newest_first=False)
    return sorted(oldest, key=lambda job: (job.number, job.created)), waiting


def _worker(worker: WorkerState) -> dict[str, Any]:
    return {
        "name": worker.name,
        "status": worker.status,
        "step": worker.step,
        "reason": worker.reason,
        "restarts": worker.restarts,
        "job": worker.job,
        "device": dict(worker.device),
        "versions": dict(worker.versions),
    }


def _job(dispatcher: Dispatcher, job: Job) -> dict[str, Any]:
    """A job in few words: its outputs by title, what its files' names begin with, its times in Unix milliseconds."""
    return {
        "id": job.id,
        "status": job.status,
        "number": job.number,
        "nodes": len(job.prompt),
        "outputs": [_title(dispatcher, job, target) for target in job.targets],
        "prefixes": list(dict.fromkeys(filter(None, (_prefix(job, target) for target in job.targets)))),
        "created": job.created,
        "started": job.started,
        "ended": job.ended,
    }


def _title(dispatcher: Dispatcher, job: Job, node_id: str) -> str:
    """What a person knows a node by: the title that the workflow gives it, else its type's name."""
    known = _object(job.prompt.get(node_id))
    title, type = _object(known.get("_meta")).get("title"), str(known.get("class_type", node_id))
    spec = (dispatcher.catalogue or {}).get(type)
    return str(title or (spec.display_name if spec is not None else "") or type)[:100]


def _prefix(job: Job, node_id: str) -> str | None:
    prefix = _object(_object(job.prompt.get(node_id)).get("inputs")).get("filename_prefix")
    return prefix[:100] if isinstance(prefix, str) else None


def _object(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _running(dispatcher: Dispatcher, job: Job) -> dict[str, Any]:
    progress = dispatcher.progress(job.id) or JobProgress(job.id)
    node, step = progress.node, progress.step
    return {
        **_job(dispatcher, job),
        "worker": job.worker,
        "attempts": job.attempts,
        "nodes_done": progress.done,
        "nodes_total": progress.total,
        "node": None if node is None else _title(dispatcher, job, node.display),
        "step": None if step is None else {"value": step[0], "max": step[1]},
    }


def _ended(dispatcher: Dispatcher, job: Job) -> dict[str, Any]:
    outcome = job.outcome
    error = outcome.error if outcome is not None else None
    told = None if error is None else {"message": error.message[:500], "node": error.node, "node_type": error.node_type}
    return {**_job(dispatcher, job), "error": told}


STATUS = {
    "type": "object",
    "properties": {
        "version": {"type": "string"},
        "seconds": {"type": "number", "description": "Since the server started."},
        "paused": {"type": ["string", "null"], "description": "Why the queue is paused."},
        "workers": {"type": "array", "items": {"type": "object"}},
        "packs": {"type": "array", "items": {"type": "object"}},
        "running": {"type": "array", "items": {"type": "object"}},
        "pending": {"type": "array", "items": {"type": "object"}, "description": f"{SHOWN_PENDING} at most."},
        "pending_total": {"type": "integer"},
        "ended": {"type": "array", "items": {"type": "object"}, "description": f"The last {SHOWN_ENDED}."},
    },
}

ROUTES = (
    Route(
        "GET",
        "/api/status",
        get_status,
        "The server at a glance: workers, node packs, what runs, waits and has ended.",
        "System",
        answers={200: "Times are Unix milliseconds."},
        schema=STATUS,
        prefixed=False,
    ),
)
