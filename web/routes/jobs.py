"""Jobs of every state in one list, as newer clients ask for them."""

from __future__ import annotations

from typing import cast

from aiohttp import web

from execution.jobs.records import ENDED, Job, Status
from web.answers import json_answer, read_object
from web.job_results import WIRE_STATUS, job_detail, job_object
from web.numbers import whole_number
from web.refusal import Refusal
from web.route import Route, Schema
from web.routes.queue import id_list
from web.site import site

USUAL_LIMIT = 100
MOST_AT_ONCE = 1_000

STATUSES = {wire: own for own, wire in WIRE_STATUS.items()}

JOB: Schema = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "status": {"enum": list(STATUSES)},
        "create_time": {"type": "integer", "description": "Unix milliseconds, as all times here."},
        "execution_start_time": {"type": ["integer", "null"]},
        "execution_end_time": {"type": ["integer", "null"]},
        "preview_output": {"type": ["object", "null"], "description": "The file that stands for the job."},
        "outputs_count": {"type": "integer"},
        "execution_error": {"type": "object", "description": "Of a failed job."},
    },
}


async def get_jobs(request: web.Request) -> web.Response:
    """A page of jobs."""
    statuses = _statuses(request.query.get("status", ""))
    limit = whole_number(request, "limit")
    offset = whole_number(request, "offset") or 0
    limit = USUAL_LIMIT if limit is None else min(limit, MOST_AT_ONCE)
    newest_first = _newest_first(request)
    store = site(request).dispatcher.store
    jobs, total = await store.jobs(statuses, max(limit, 1), offset, newest_first)
    shown = jobs[:limit]
    pages = {"offset": offset, "limit": limit, "total": total, "has_more": offset + len(shown) < total}
    return json_answer({"jobs": [job_object(job) for job in shown], "pagination": pages})


async def get_job(request: web.Request) -> web.Response:
    """One job, whatever its state."""
    return json_answer(job_detail(await job_of(request)))


async def cancel_job(request: web.Request) -> web.Response:
    """Stop a job that waits or runs."""
    job = await job_of(request)
    how = None if job.status in ENDED else await site(request).dispatcher.cancel(job.id)
    return json_answer({"cancelled": how is not None})


async def cancel_jobs(request: web.Request) -> web.Response:
    """Stop several jobs."""
    body = await read_object(request)
    wanted = id_list(body.get("job_ids"), "job_ids")
    if len(wanted) > MOST_AT_ONCE:
        what = f"job_ids has {len(wanted):,} ids; at most {MOST_AT_ONCE:,} are taken at once."
        raise Refusal(400, "invalid_request", what, 'Send fewer, or POST {"clear": true} to /queue.')
    dispatcher = site(request).dispatcher
    cancelled = [job_id for job_id in dict.fromkeys(wanted) if await dispatcher.cancel(job_id) is not None]
    return json_answer({"cancelled": cancelled})


async def job_of(request: web.Request) -> Job:
    """The job that a path names.

    Raises:
        Refusal: there is none.
    """
    job_id = request.match_info["job_id"]
    job = await site(request).dispatcher.store.get(job_id)
    if job is None:
        raise Refusal(404, "not_found", "There is no job of this id.", "GET /api/jobs lists those there are.")
    return job


def _statuses(text: str) -> list[Status] | None:
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in STATUSES:
            what = f"There is no status {name[:40]!r}."
            raise Refusal(400, "invalid_request", what, f"Use some of {', '.join(STATUSES)}, parted by commas.")
    return [cast("Status", STATUSES[name]) for name in names] or None


def _newest_first(request: web.Request) -> bool:
    by, order = request.query.get("sort_by", "create_time"), request.query.get("sort_order", "desc").lower()
    if by != "create_time" or order not in ("asc", "desc"):
        what = "Jobs cannot be sorted so."
        raise Refusal(400, "invalid_request", what, "Give sort_by=create_time and sort_order=asc or desc.")
    return order == "desc"


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/jobs",
        get_jobs,
        "Jobs of every state, a page at a time.",
        "Queue",
        query={
            "status": "Only these, parted by commas: pending, in_progress, completed, failed, cancelled.",
            "limit": f"How many (usually {USUAL_LIMIT}, at most {MOST_AT_ONCE}).",
            "offset": "Leave out so many first.",
            "sort_by": "create_time.",
            "sort_order": "desc (usual) or asc.",
        },
        answers={200: "The page.", 400: "A status or number is none."},
        schema={
            "type": "object",
            "properties": {"jobs": {"type": "array", "items": JOB}, "pagination": {"type": "object"}},
        },
    ),
    Route(
        "POST",
        "/jobs/cancel",
        cancel_jobs,
        "Stop several jobs that wait or run.",
        "Queue",
        body={"type": "object", "properties": {"job_ids": {"type": "array", "items": {"type": "string"}}}},
        answers={200: "The ids of those that were stopped.", 400: "job_ids is no list of ids."},
        schema={"type": "object", "properties": {"cancelled": {"type": "array", "items": {"type": "string"}}}},
    ),
    Route(
        "GET",
        "/jobs/{job_id}",
        get_job,
        "One job: its state, its workflow, and what it made.",
        "Queue",
        answers={200: "The job.", 404: "There is none of this id."},
        schema=JOB,
    ),
    Route(
        "POST",
        "/jobs/{job_id}/cancel",
        cancel_job,
        "Stop a job that waits or runs.",
        "Queue",
        answers={200: "Whether it was stopped: false when it had ended already.", 404: "There is none of this id."},
        schema={"type": "object", "properties": {"cancelled": {"type": "boolean"}}},
    ),
)
