"""Workflows without queueing them: converted, and judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from aiohttp import web

from web.answers import json_answer, read_object
from web.route import Route, Schema
from web.routes.prompt import PROMPT_BODY
from web.site import site
from web.workflows.check import check
from web.workflows.prompt import converted
from web.workflows.refused import invalid_prompt

NOT_YET = {413: "The body is too large.", 503: "No worker has told its node types yet."}

MISSING_TYPE: Schema = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "nodes": {"type": "array", "items": {"type": "string"}, "description": "Ids of the nodes of this type."},
        "pack": {"type": ["string", "null"], "description": "The node pack that the workflow says it is from."},
        "remedy": {"type": "string", "description": "What to do, as a sentence."},
    },
}

MISSING_FILE: Schema = {
    "type": "object",
    "properties": {
        "node": {"type": "string"},
        "input": {"type": "string"},
        "value": {"type": "string", "description": "The name that is not there."},
        "folder": {"type": "string", "description": "Where it belongs: `checkpoints`, `loras` ..., or `input`."},
        "nearest": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Up to five names that are there, the best match first.",
        },
        "url": {"type": ["string", "null"], "description": "Where the workflow says that it can be had."},
        "remedy": {"type": "string", "description": "What to do, as a sentence."},
    },
}

VERDICT: Schema = {
    "type": "object",
    "required": ["ok", "error", "node_errors", "missing_types", "missing_files", "warnings"],
    "properties": {
        "ok": {"type": "boolean", "description": "Whether `POST /prompt` would queue it."},
        "error": {"type": ["object", "null"], "description": "As `POST /prompt` would answer it."},
        "node_errors": {"type": "object", "description": "By node id, as `POST /prompt` would answer them."},
        "missing_types": {"type": "array", "items": MISSING_TYPE},
        "missing_files": {"type": "array", "items": MISSING_FILE},
        "warnings": {"type": "array", "items": {"type": "string"}},
    },
}


async def convert_workflow(request: web.Request) -> web.Response:
    """The API prompt of a UI workflow."""
    workflow = (await read_object(request)).get("workflow")
    if not isinstance(workflow, dict):
        raise invalid_prompt("There is no workflow in the body.", 'Send {"workflow": ...} with what the editor saves.')
    read = await converted(site(request), cast("Mapping[str, Any]", workflow), {})
    return json_answer({"prompt": read.prompt, "warnings": read.warnings})


async def check_workflow(request: web.Request) -> web.Response:
    """What would become of a prompt."""
    return json_answer(await check(site(request), await read_object(request)))


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/api/workflow/convert",
        convert_workflow,
        "Convert a UI workflow to an API prompt, as queueing it would.",
        "Queue",
        body={
            "type": "object",
            "required": ["workflow"],
            "properties": {"workflow": {"type": "object", "description": "A workflow as the editor saves it."}},
        },
        answers={200: "The prompt.", 400: "There is no workflow, or none that can be converted.", **NOT_YET},
        schema={
            "type": "object",
            "required": ["prompt", "warnings"],
            "properties": {
                "prompt": {"type": "object"},
                "warnings": {"type": "array", "items": {"type": "string"}},
            },
        },
        prefixed=False,
    ),
    Route(
        "POST",
        "/api/workflow/check",
        check_workflow,
        "Say what is wrong with a prompt or workflow, and what it needs that is not here; nothing is queued.",
        "Queue",
        body=PROMPT_BODY,
        answers={200: "The verdict, also where the prompt cannot run.", 400: "The body is not JSON.", **NOT_YET},
        schema=VERDICT,
        prefixed=False,
    ),
)
