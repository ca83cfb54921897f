"""Queueing a prompt."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from web.answers import json_answer, read_object
from web.route import Route, Schema
from web.site import site
from web.sockets.messages import plain_number
from web.submission import idempotency_key, submit
from web.webhooks import WEBHOOKS

PROMPT_BODY: Schema = {
    "type": "object",
    "required": ["prompt"],
    "properties": {
        "prompt": {
            "type": "object",
            "description": "An API prompt ({node id: {class_type, inputs}}), or a UI workflow, which is converted.",
        },
        "set": {
            "type": "object",
            "description": "Inputs to change: by `NODE.INPUT`, where NODE is an id, a title or a type; `seed` alone "
            "means all seeds.",
        },
        "stand_ins": {
            "type": "boolean",
            "description": "Let models that are here take the place of missing ones; `warnings` say which for which.",
        },
        "client_id": {"type": "string", "description": "The websocket that is told of the job."},
        "prompt_id": {"type": "string", "description": "The job's id; a fresh one if left out."},
        "number": {"type": "number", "description": "Place in the queue, lowest first; else a counter."},
        "front": {"type": "boolean", "description": "Run before all others that were queued without a number."},
        "partial_execution_targets": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Run only these output nodes and what they need.",
        },
        "extra_data": {"type": "object", "description": "Given to nodes and kept with the job: extra_pnginfo ..."},
        "webhook": {"type": "string", "format": "uri", "description": "Is sent the result when the job has ended."},
    },
}

ACCEPTED: Schema = {
    "type": "object",
    "required": ["prompt_id", "number", "node_errors"],
    "properties": {
        "prompt_id": {"type": "string"},
        "number": {"type": "number"},
        "node_errors": {"type": "object", "description": "Of outputs that are left out because they cannot run."},
        "warnings": {"type": "array", "items": {"type": "string"}, "description": "Of a conversion, and stand-ins."},
    },
}

REFUSALS = {
    400: "The prompt cannot run: the error, and the errors of its nodes.",
    409: "There is a job with this prompt_id already.",
    413: "The body is too large.",
    422: "The Idempotency-Key was used for another prompt.",
    503: "No worker has told its node types yet, or nothing can be written.",
}


async def post_prompt(request: web.Request) -> web.Response:
    """Validate and queue a prompt."""
    key = idempotency_key(request)
    submitted = await submit(site(request), await read_object(request), key)
    await request.app[WEBHOOKS].expect(submitted.job)
    answer: dict[str, Any] = {
        "prompt_id": submitted.job.id,
        "number": plain_number(submitted.job.number),
        "node_errors": submitted.node_errors,
    }
    if submitted.warnings:
        answer["warnings"] = submitted.warnings
    return json_answer(answer, headers={"Idempotency-Replayed": "true"} if submitted.replayed else None)


async def get_prompt(request: web.Request) -> web.Response:
    """How many jobs run and wait."""
    return json_answer({"exec_info": {"queue_remaining": site(request).dispatcher.remaining}})


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/prompt",
        post_prompt,
        "Queue a prompt.",
        "Queue",
        body=PROMPT_BODY,
        answers={200: "Accepted, and safely stored.", **REFUSALS},
        schema=ACCEPTED,
        description="With a header `Idempotency-Key`, sending the same prompt again answers with the first job.",
    ),
    Route(
        "GET",
        "/prompt",
        get_prompt,
        "How many jobs run and wait.",
        "Queue",
        schema={"type": "object", "properties": {"exec_info": {"type": "object"}}},
    ),
)
