"""The routes of jobs."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from execution.jobs.records import Job
from web.answers import json_answer
from web.openapi import API_V2_TAG
from web.route import Route
from web.v2 import schemas
from web.v2.events import STREAM_HEADERS, JobStream
from web.v2.ids import stored_job_id
from web.v2.links import ROOT, origin
from web.v2.listing import job_page
from web.v2.refusals import not_found, refusing
from web.v2.service import ApiV2, api
from web.v2.shapes import job_json
from web.v2.submitting import submit_workflow


@refusing
async def post_job(request: web.Request) -> web.Response:
    """Queue a workflow."""
    parts = api(request)
    accepted = await submit_workflow(parts, request)
    job = (await parts.job(accepted.job.id) if accepted.replayed else None) or accepted.job
    shape = await _shape(parts, request, job)
    if accepted.node_errors:
        shape["node_errors"] = accepted.node_errors
    headers = {"Location": shape["urls"]["self"]}
    if accepted.replayed:
        headers["Idempotency-Replayed"] = "true"
    return json_answer(shape, 201, headers)


@refusing
async def get_jobs(request: web.Request) -> web.Response:
    """A page of jobs."""
    return json_answer(await job_page(api(request), request.query))


@refusing
async def get_job(request: web.Request) -> web.Response:
    """One job."""
    return json_answer(await _shape(api(request), request, await _job(request)))


@refusing
async def cancel_job(request: web.Request) -> web.Response:
    """Ask a job to stop."""
    parts = api(request)
    job = await _job(request)
    if await parts.site.dispatcher.cancel(job.id) == "running":
        parts.live.mark_canceling(job.id)
    return json_answer(await _shape(parts, request, await parts.job(job.id) or job))


@refusing
async def get_workflow(request: web.Request) -> web.Response:
    """What a job runs."""
    job = await _job(request)
    return json_answer({"workflow": job.prompt, "format": "api"})


@refusing
async def get_events(request: web.Request) -> web.StreamResponse:
    """A job's event stream."""
    job = await _job(request)
    if request.method == "HEAD":  # there is no body to wait for
        return web.Response(headers=STREAM_HEADERS)
    return await JobStream(api(request), request, job).serve()


async def _job(request: web.Request) -> Job:
    job = await api(request).job(stored_job_id(request.match_info["id"]))
    if job is None:
        raise not_found("job")
    return job


async def _shape(parts: ApiV2, request: web.Request, job: Job) -> dict[str, Any]:
    live, position, assets = parts.live.running(job.id), await parts.position(job), await parts.assets_of(job)
    return job_json(job, origin(request), live=live, position=position, assets=assets)


ID = "A job's id, as it was answered; a `prompt_id` will do."
UNKNOWN = "There is no such job (`not_found`)."

ROUTES = (
    Route(
        "POST",
        f"{ROOT}/jobs",
        post_job,
        "Queue a workflow.",
        API_V2_TAG,
        body=schemas.NEW_JOB,
        answers={
            201: "The job, on the disk and in the queue. `Idempotency-Replayed: true` says that it is an earlier one.",
            400: "The body is not JSON.",
            409: "The first request with this key is still being answered (`idempotency_conflict`).",
            422: "It cannot run: `invalid_workflow`, `workflow_format_ui`, `missing_asset`, `idempotency_key_reuse`, "
            "`metadata_invalid`.",
            503: "No worker has told its nodes yet; try again after `Retry-After` seconds.",
        },
        schema=schemas.JOB,
        prefixed=False,
        description="With the header `Idempotency-Key` the same request can be sent again safely for 24 hours: it is "
        "answered with the first one's job. Another request with that key is refused. Where a file name would stand in "
        'an input, `{"__type": "core/ASSET", "info": {"id": "asset_..."}}` names an asset.',
    ),
    Route(
        "GET",
        f"{ROOT}/jobs",
        get_jobs,
        "List jobs, the newest first.",
        API_V2_TAG,
        query={
            "status": "Only jobs of this status: queued, running, canceling, succeeded, failed, canceled.",
            "limit": "How many at most, 1 to 100. Default 50.",
            "cursor": "`next_cursor` of the page before.",
            "metadata[key]": "Only jobs whose label `key` has this value. At most three such filters.",
        },
        answers={200: "A page.", 422: "Something in the query is not what it must be."},
        schema=schemas.JOB_PAGE,
        prefixed=False,
    ),
    Route(
        "GET",
        f"{ROOT}/jobs/{{id}}",
        get_job,
        "A job as it stands.",
        API_V2_TAG,
        query={"id": ID},
        answers={200: "The job.", 404: UNKNOWN},
        schema=schemas.JOB,
        prefixed=False,
    ),
    Route(
        "POST",
        f"{ROOT}/jobs/{{id}}/cancel",
        cancel_job,
        "Ask a job to stop.",
        API_V2_TAG,
        query={"id": ID},
        answers={200: "The job: `canceled`, `canceling` until it has stopped, or as it had ended.", 404: UNKNOWN},
        schema=schemas.JOB,
        prefixed=False,
        description="May be sent any number of times. A running job stops within one step of its sampler.",
    ),
    Route(
        "GET",
        f"{ROOT}/jobs/{{id}}/workflow",
        get_workflow,
        "The workflow that a job runs.",
        API_V2_TAG,
        query={"id": ID},
        answers={200: "The workflow in API format, assets resolved to file names.", 404: UNKNOWN},
        schema=schemas.JOB_WORKFLOW,
        prefixed=False,
    ),
    Route(
        "GET",
        f"{ROOT}/jobs/{{id}}/events",
        get_events,
        "Watch a job.",
        API_V2_TAG,
        query={"id": ID},
        answers={200: "Server-sent events, until the job has ended.", 404: UNKNOWN},
        media_type="text/event-stream",
        prefixed=False,
        description="First the state (`status`, then `progress` and the newest `preview` of a running job), then what "
        "happens: `status` {status, queue_position}, `progress` (as in a job, at most twice a second), `preview` "
        "{node_id, content_type, data_base64}, `output` (as in a job), `log` {level, message}. Nothing is replayed: "
        "after a break, ask for the job. The stream ends after a status that is final.",
    ),
)
