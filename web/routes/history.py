"""The history: what ran, and what it made."""

from __future__ import annotations

from aiohttp import web

from execution.jobs.records import ENDED
from web.answers import empty_answer, json_answer, large_answer, read_object
from web.job_results import history_entry
from web.numbers import whole_number
from web.route import Route
from web.routes.queue import id_list
from web.site import site

OBJECT = {"type": "object", "description": "Job id -> {prompt, outputs, status, meta}."}
MOST_ENTRIES = 10_000


async def get_history(request: web.Request) -> web.Response:
    """Jobs that ran, oldest first."""
    at_most = whole_number(request, "max_items")
    offset = whole_number(request, "offset")
    jobs = await site(request).dispatcher.store.history(MOST_ENTRIES if at_most is None else at_most, offset)
    return await large_answer("{", ((job.id, history_entry(job)) for job in jobs), "}")


async def get_job(request: web.Request) -> web.Response:
    """One job that ran; {} while it has not ended."""
    job = await site(request).dispatcher.store.get(request.match_info["prompt_id"])
    if job is None or job.status not in ENDED or job.started is None:
        return json_answer({})
    return json_answer({job.id: history_entry(job)})


async def post_history(request: web.Request) -> web.Response:
    """Forget jobs that have ended."""
    body = await read_object(request)
    store = site(request).dispatcher.store
    if body.get("clear"):
        await store.delete_ended(None)
    if "delete" in body:
        await store.delete_ended(id_list(body["delete"], "delete"))
    return empty_answer()


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/history",
        get_history,
        "The jobs that ran, oldest first.",
        "Queue",
        query={
            "max_items": "At most so many: the newest ones, or with an offset those from there on.",
            "offset": "Leave out so many of the oldest; 0 is the same as none.",
        },
        answers={200: "The jobs by id.", 400: "A number is none."},
        schema=OBJECT,
    ),
    Route(
        "GET",
        "/history/{prompt_id}",
        get_job,
        "One job that ran; an empty object while it has not ended.",
        "Queue",
        schema=OBJECT,
    ),
    Route(
        "POST",
        "/history",
        post_history,
        "Forget jobs that have ended; their files stay.",
        "Queue",
        body={
            "type": "object",
            "properties": {
                "clear": {"type": "boolean", "description": "All of them."},
                "delete": {"type": "array", "items": {"type": "string"}, "description": "These."},
            },
        },
        answers={200: "Done; the body is empty.", 400: "The body is not JSON, or delete is not a list."},
    ),
)
