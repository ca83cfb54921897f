"""The queue: what runs, what waits, and how to change it."""

from __future__ import annotations

import math
from typing import Any, cast

from aiohttp import web

from execution.jobs.records import Job
from web.answers import empty_answer, json_answer, large_answer, read_object, to_json
from web.job_results import queue_entry
from web.refusal import Refusal
from web.route import Route
from web.site import Site, site

PAUSED_BY_HAND = "It was paused by hand."
OBJECT = {"type": "object"}


async def get_queue(request: web.Request) -> web.Response:
    """The jobs that run and those that wait, in the order in which they will run."""
    dispatcher = site(request).dispatcher
    running, pending = await dispatcher.store.queue()
    paused = "" if dispatcher.paused is None else f',"queue_paused":{to_json(dispatcher.paused)}'
    begun = to_json([queue_entry(job) for job in running])
    return await large_answer(
        f'{{"queue_running":{begun},"queue_pending":[', (queue_entry(job) for job in pending), f"]{paused}}}"
    )


async def post_queue(request: web.Request) -> web.Response:
    """Take jobs that wait out of the queue."""
    body = await read_object(request)
    dispatcher = site(request).dispatcher
    if body.get("clear"):
        await dispatcher.clear_pending()
    if "delete" in body:
        await dispatcher.delete_pending(id_list(body["delete"], "delete"))
    return empty_answer()


async def interrupt(request: web.Request) -> web.Response:
    """Stop what runs; with a `prompt_id`, only if that job runs."""
    body = await _lenient_object(request)
    given = body.get("prompt_id")
    await site(request).dispatcher.interrupt(None if given is None else str(given))
    return empty_answer()


async def free(request: web.Request) -> web.Response:
    """Let go of models and results once nothing runs."""
    body = await _lenient_object(request)
    unload, forget = bool(body.get("unload_models")), bool(body.get("free_memory"))
    site(request).dispatcher.free(unload_models=unload, free_memory=forget)
    return empty_answer()


async def pause(request: web.Request) -> web.Response:
    """Begin no further job; what runs goes on."""
    body = await read_object(request, optional=True)
    reason = body.get("reason")
    await site(request).dispatcher.pause(reason[:500] if isinstance(reason, str) and reason else PAUSED_BY_HAND)
    return _state(site(request))


async def resume(request: web.Request) -> web.Response:
    """Begin jobs again."""
    await site(request).dispatcher.resume()
    return _state(site(request))


async def move(request: web.Request) -> web.Response:
    """Give a job that waits another place."""
    body = await read_object(request)
    here = site(request)
    job_id = body.get("prompt_id")
    if not isinstance(job_id, str):
        raise Refusal(400, "invalid_request", "prompt_id is missing.", "Give the id of a job that waits.")
    _, pending = await here.dispatcher.store.queue()
    others = [job for job in pending if job.id != job_id]
    if len(others) == len(pending):
        raise Refusal(404, "not_found", f"No job {job_id!r} waits.", "GET /queue lists those that do.")
    number, between = _place(body, others)
    if between is not None and not between[0].number < number < between[1].number:  # no number is left between them
        for job in others[: others.index(between[1])]:
            await here.dispatcher.move(job.id, job.number - 1)
        number = between[0].number - 0.5
    if not await here.dispatcher.move(job_id, number):
        raise Refusal(404, "not_found", f"The job {job_id!r} began to run.", "GET /queue lists those that wait.")
    return json_answer({"prompt_id": job_id, "number": number})


def _place(body: dict[str, Any], others: list[Job]) -> tuple[float, tuple[Job, Job] | None]:
    """The number that puts a job where the request wants it among the other jobs that wait, and between which."""
    if body.get("front"):
        return (others[0].number - 1 if others else 0.0), None
    number, position = body.get("number"), body.get("position")
    if isinstance(number, (int, float)) and not isinstance(number, bool):
        return _finite(number), None
    if isinstance(position, int) and not isinstance(position, bool) and position >= 0:
        if not others:
            return 0.0, None
        if position == 0:
            return others[0].number - 1, None
        if position >= len(others):
            return others[-1].number + 1, None
        before, after = others[position - 1], others[position]
        return (before.number + after.number) / 2, (before, after)
    what = "It is not said where the job is to stand."
    raise Refusal(400, "invalid_request", what, "Give front: true, a position from 0, or a number.")


def _finite(number: float) -> float:
    try:
        value = float(number)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise Refusal(400, "invalid_number", "number is not a finite number.", "Give one; the lowest runs first.")
    return value


def _state(here: Site) -> web.Response:
    return json_answer({"paused": here.dispatcher.paused, "queue_remaining": here.dispatcher.remaining})


async def _lenient_object(request: web.Request) -> dict[str, Any]:
    """The body, {} where it is none: `POST /interrupt` means something with any body."""
    try:
        return await read_object(request, optional=True)
    except Refusal as refusal:
        if refusal.type == "invalid_json":
            return {}
        raise


def id_list(given: Any, name: str) -> list[str]:
    """A list of job ids from a body.

    Raises:
        Refusal: it is none.
    """
    items = cast("list[Any]", given) if isinstance(given, list) else None
    if items is None or not all(isinstance(item, (str, int)) for item in items):
        raise Refusal(400, "invalid_request", f"{name} is not a list of ids.", f'Give ids, as in {{"{name}": ["a"]}}.')
    return [str(item) for item in items]


STATE = {
    "type": "object",
    "properties": {"paused": {"type": ["string", "null"]}, "queue_remaining": {"type": "integer"}},
}

ROUTES: tuple[Route, ...] = (
    Route("GET", "/queue", get_queue, "The jobs that run and those that wait.", "Queue", schema=OBJECT),
    Route(
        "POST",
        "/queue",
        post_queue,
        "Take jobs that wait out of the queue.",
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
    Route(
        "POST",
        "/interrupt",
        interrupt,
        "Stop the job that runs.",
        "Queue",
        body={
            "type": "object",
            "properties": {"prompt_id": {"type": "string", "description": "Only if this job runs."}},
        },
        answers={200: "Done, if anything ran; the body is empty."},
    ),
    Route(
        "POST",
        "/free",
        free,
        "Free memory once nothing runs.",
        "System",
        body={
            "type": "object",
            "properties": {
                "unload_models": {"type": "boolean", "description": "Take models off the device."},
                "free_memory": {"type": "boolean", "description": "Forget models and the results of nodes."},
            },
        },
        answers={200: "Done, or done once the present job has ended; the body is empty."},
    ),
    Route(
        "POST",
        "/queue/pause",
        pause,
        "Begin no further job; the running ones go on.",
        "Queue",
        body={"type": "object", "properties": {"reason": {"type": "string", "description": "Shown to others."}}},
        answers={200: "The queue's state.", 400: "The body is not JSON."},
        schema=STATE,
    ),
    Route("POST", "/queue/resume", resume, "Begin jobs again.", "Queue", schema=STATE),
    Route(
        "POST",
        "/queue/move",
        move,
        "Give a job that waits another place.",
        "Queue",
        body={
            "type": "object",
            "required": ["prompt_id"],
            "properties": {
                "prompt_id": {"type": "string"},
                "front": {"type": "boolean", "description": "Before all that wait."},
                "position": {"type": "integer", "description": "Place among those that wait, from 0."},
                "number": {"type": "number", "description": "Its number; the lowest runs first."},
            },
        },
        answers={200: "Its new number.", 400: "No place is given.", 404: "No such job waits."},
        schema={"type": "object", "properties": {"prompt_id": {"type": "string"}, "number": {"type": "number"}}},
    ),
)
