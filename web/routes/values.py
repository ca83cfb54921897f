"""What flowed through the wires of a job."""

from __future__ import annotations

from typing import Any, Literal, cast

from aiohttp import web

from execution.jobs.records import Job
from execution.workers.messages import Answer
from execution.workers.questions import NoAnswerError
from web.answers import json_answer
from web.numbers import whole_number
from web.refusal import Refusal
from web.route import Route, Schema
from web.routes.jobs import job_of
from web.site import site

RETRY_AFTER = {"Retry-After": "2"}
USUAL_SIDE, LEAST_SIDE, MOST_SIDE = 512, 16, 4_096  # pixels of a picture
MOST_NUMBER = 2**31 - 1  # of an output, an item, a picture in a batch
PICTURES_OF = ("current", "previous", "difference")
TYPES = {404: "not_found", 409: "not_run_yet", 410: "not_kept"}

STATISTICS: Schema = {
    "type": ["object", "null"],
    "properties": {
        "from": {"type": "number"},
        "to": {"type": "number"},
        "counts": {"type": "array", "items": {"type": "integer"}, "description": "64 bins."},
    },
}
NUMBER: Schema = {"type": ["number", "null"]}
ITEM: Schema = {
    "type": "object",
    "properties": {
        "kind": {
            "enum": [
                "image", "mask", "latent", "conditioning", "model", "clip", "vae", "tensor", "number", "boolean",
                "text", "other",
            ]
        },
        "shape": {"type": ["array", "null"], "items": {"type": "integer"}},
        "dtype": {"type": ["string", "null"]},
        "device": {"type": ["string", "null"]},
        "bytes": {"type": "integer"},
        **dict.fromkeys(("min", "max", "mean", "std"), NUMBER),
        "nan": {"type": "integer"},
        "inf": {"type": "integer"},
        "histogram": STATISTICS,
        "channels": {"type": ["array", "null"], "items": {"type": "object"}},
        "curve": {
            "type": ["array", "null"],
            "items": {"type": "number"},
            "description": "The numbers themselves, in their order, of a row of at most 1,024, such as SIGMAS.",
        },
        "pictures": {"type": "integer", "description": "How many there are to be had of it."},
        "text": {"type": ["string", "null"]},
        "tokens": {"type": ["array", "null"], "description": "A row for each chunk of 77 of each text encoder."},
        "options": {"type": ["object", "null"], "additionalProperties": {"type": "string"}},
    },
}  # fmt: skip
FLOWED: dict[str, Any] = {
    "prompt_id": {"type": "string"},
    "node": {"type": "string"},
    "slot": {"type": "integer"},
    "type": {"type": "string"},
    "kept": {"type": "boolean"},
    "items": {"type": "array", "items": ITEM},
}


async def get_value(request: web.Request) -> web.Response:
    """What an output of a node gave in a job."""
    compare = request.query.get("compare", "previous")
    if compare not in ("previous", "none"):
        raise _bad("compare", "previous or none")
    answer = await _looked_at(request, "value", {"compare": compare == "previous"})
    return json_answer(_told(answer))


async def get_picture(request: web.Request) -> web.Response:
    """A picture of what an output of a node gave in a job."""
    which = request.query.get("of", PICTURES_OF[0])
    if which not in PICTURES_OF:
        raise _bad("of", ", ".join(PICTURES_OF))
    size = whole_number(request, "size")
    question = {
        "of": which,
        "item": min(whole_number(request, "item") or 0, MOST_NUMBER),
        "batch": min(whole_number(request, "batch") or 0, MOST_NUMBER),
        "size": min(max(USUAL_SIDE if size is None else size, LEAST_SIDE), MOST_SIDE),
    }
    answer = await _looked_at(request, "picture", question)
    headers = {str(name): str(value) for name, value in _told(answer).items()}
    return web.Response(body=answer.payload, content_type="image/png", headers={"Cache-Control": "no-cache", **headers})


async def _looked_at(request: web.Request, kind: Literal["value", "picture"], question: dict[str, Any]) -> Answer:
    job = await job_of(request)
    node, slot = request.match_info["node"], _slot(request)
    if job.started is None:
        raise _refused(404 if job.outcome is not None else 409, "This job has not run.")
    _check_ran(request, job, node)
    dispatcher = site(request).dispatcher
    try:
        return await dispatcher.look(job.worker, kind, {**question, "job": job.id, "node": node, "slot": slot})
    except LookupError as error:
        raise _refused(410, str(error)) from None
    except NoAnswerError as error:
        what = f"The worker that ran this job cannot be asked now. {error}"
        raise Refusal(503, "worker_unavailable", what, "Try again in a moment.", headers=RETRY_AFTER) from None


def _check_ran(request: web.Request, job: Job, node: str) -> None:
    """Refuse a node that a running job has not come to yet."""
    progress = site(request).dispatcher.progress(job.id)
    if progress is None or job.outcome is not None or node in progress.finished or node in progress.cached:
        return
    if node in job.prompt or node in progress.running:
        raise _refused(409, f"Node {node[:80]} has not run yet.")


def _slot(request: web.Request) -> int:
    text = request.match_info["slot"]
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise _refused(404, "An output is named by its number, from 0.")
    return int(text)


def _told(answer: Answer) -> dict[str, Any]:
    """What the worker says, if it does not refuse."""
    said = cast("dict[str, Any]", answer.value)
    if said["status"] != 200:
        raise _refused(said["status"], said["sentence"])
    return said["told"]


def _refused(status: int, sentence: str) -> Refusal:
    remedy = "GET /api/jobs lists the jobs there are." if status == 404 else "Wait, or run the workflow again."
    return Refusal(status, TYPES[status], sentence, remedy, headers=RETRY_AFTER if status == 409 else None)


def _bad(name: str, choices: str) -> Refusal:
    return Refusal(400, "invalid_request", f"{name} in the query is none of {choices}.", f"Give {choices}.")


REFUSALS = {
    404: "There is no such job, node, output or picture.",
    409: "The job has not come to this node yet.",
    410: "It is not kept any more, or the worker that ran the job does not remember it.",
    503: "The worker cannot be asked now.",
}
WHERE = "`slot` is the output's number, from 0; `node` may be one of a subgraph (`5:3`) or of an expansion."

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/jobs/{job_id}/values/{node}/{slot}",
        get_value,
        "What flowed out of a node in a job: its shape, its numbers, its tokens, and what flowed before.",
        "Queue",
        query={"compare": "previous (usual): also the last other value of this output in an earlier job; or none."},
        answers={200: "What flowed.", 400: "compare is none of its choices.", **REFUSALS},
        schema={
            "type": "object",
            "properties": {
                **FLOWED,
                "items_left_out": {"type": "integer"},
                "previous": {"type": ["object", "null"], "properties": FLOWED},
                "difference": {
                    "type": ["object", "null"],
                    "properties": {"max_abs": NUMBER, "mean_abs": NUMBER, "psnr": NUMBER},
                },
            },
        },
        description=WHERE,
    ),
    Route(
        "GET",
        "/jobs/{job_id}/values/{node}/{slot}/picture",
        get_picture,
        "A picture of what flowed out of a node in a job.",
        "Queue",
        query={
            "item": "Which item of the output, from 0.",
            "batch": "Which picture of the item's batch, from 0.",
            "size": f"Pixels of the longer side at most, {LEAST_SIDE} to {MOST_SIDE} (usually {USUAL_SIDE}).",
            "of": "current (usual), previous (see compare above), or difference of the two, made bright.",
        },
        answers={
            200: "A PNG; X-Weft-Picture says how it was made, X-Weft-Gain how much brighter a difference is.",
            400: "A number or choice is none.",
            **REFUSALS,
        },
        media_type="image/png",
        description=WHERE,
    ),
)
