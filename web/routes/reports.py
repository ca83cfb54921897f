"""What each node of a job took, and why it ran."""

from __future__ import annotations

import time

from aiohttp import web

from execution.jobs.records import Job
from execution.workers.reports import Reports, unpack_reports
from web.answers import json_answer
from web.job_results import WIRE_STATUS
from web.node_reports import report_objects
from web.route import Route, Schema
from web.routes.jobs import job_of
from web.site import Site, site

NODE: Schema = {
    "type": "object",
    "properties": {
        "state": {"enum": ["ran", "cached", "failed"]},
        "seconds": {
            "type": ["number", "null"],
            "description": "What its run took, with the nodes that it expanded to.",
        },
        "peak_bytes": {
            "type": ["integer", "null"],
            "description": "Most of the device's memory in use while it ran; on a CPU, what the process grew by.",
        },
        "why": {"type": ["string", "null"], "description": "A sentence: why it ran, or did not."},
    },
}


async def get_report(request: web.Request) -> web.Response:
    """The nodes of a job that are done, also while it runs."""
    job = await job_of(request)
    reports, seconds = _reports(site(request), job)
    told = {"prompt_id": job.id, "status": WIRE_STATUS[job.status], "seconds": seconds}
    return json_answer({**told, "nodes": report_objects(job, reports)})


def _reports(of: Site, job: Job) -> tuple[Reports, float | None]:
    """What is known of the nodes, and how long the job took, or has taken until now."""
    if job.outcome is not None:
        return unpack_reports(job.outcome.reports), None if job.started is None else round(job.outcome.seconds, 3)
    progress = of.dispatcher.progress(job.id)
    if progress is None or job.started is None:
        return {}, None
    return dict(progress.reports), max(0.0, round(time.time() - job.started / 1000, 3))


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/jobs/{job_id}/report",
        get_report,
        "What each node of a job took, how much memory, and why it ran or did not.",
        "Queue",
        answers={200: "The nodes that are done, also while the job runs.", 404: "There is no job of this id."},
        schema={
            "type": "object",
            "properties": {
                "prompt_id": {"type": "string"},
                "status": {"enum": list(WIRE_STATUS.values())},
                "seconds": {"type": ["number", "null"]},
                "nodes": {"type": "object", "additionalProperties": NODE},
            },
        },
        description="docs/api.md says what is measured.",
    ),
)
