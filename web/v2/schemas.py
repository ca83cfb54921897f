"""The shapes of API v2, as JSON schemas for its documentation."""

from __future__ import annotations

from typing import Any

from web.v2.shapes import STORED


def _of(description: str, type: str | list[str] = "string", **more: Any) -> dict[str, Any]:
    return {"type": type, "description": description, **more}


def _all(description: str, properties: dict[str, Any]) -> dict[str, Any]:
    """An object whose properties are always there."""
    return {"type": "object", "description": description, "required": [*properties], "properties": properties}


TEXT_OR_NULL = ["string", "null"]
NUMBER_OR_NULL = ["integer", "null"]
TIME = {"format": "date-time"}
LABELS: dict[str, Any] = {
    "type": "object",
    "description": "Labels of your own, at most 16.",
    "additionalProperties": {"type": "string"},
}

PROGRESS = _all(
    "How far it is; each one is complete in itself. Null before it runs.",
    {
        "value": _of("From 0 to 1, weighed by nodes and by samplers' steps.", "number", minimum=0, maximum=1),
        "nodes_done": _of("Nodes whose results are known.", "integer"),
        "nodes_total": _of("Nodes that the job needs.", "integer"),
        "current_node": _of("The id of the node that runs.", TEXT_OR_NULL),
        "current_node_class": _of("Its type.", TEXT_OR_NULL),
        "step": _of("Of that node.", NUMBER_OR_NULL),
        "steps": _of("How many it has.", NUMBER_OR_NULL),
        "message": _of("The same for people: `KSampler 21/50`.", TEXT_OR_NULL),
    },
)
OUTPUT = _all(
    "Something that a node made.",
    {
        "node_id": _of("The node of the workflow that made it."),
        "name": _of("The file's name, without folders."),
        "type": _of("What it is.", enum=["image", "video", "audio", "text", "file", "latent"]),
        "content_type": _of("Its media type."),
        "size_bytes": _of("Its size.", "integer"),
        "id": _of("The asset's id."),
        "hash": _of("`blake3:` and 64 hexadecimal digits; null until it is known.", TEXT_OR_NULL),
        "url": _of("Where its content is."),
        "url_expires_at": _of("When to ask for a new url.", **TIME),
        "job_id": _of("The job that made it.", TEXT_OR_NULL),
    },
)
JOB_ERROR = _all(
    "Why it failed; null unless it did.",
    {
        "code": _of("`node_execution_error`, `worker_died` or `internal_error`."),
        "message": _of("What happened, as a sentence."),
        "node_id": _of("The node that failed.", TEXT_OR_NULL),
        "class_type": _of("Its type.", TEXT_OR_NULL),
        "inputs": _of("Its inputs by name: lists of values, shortened where they are long.", "object"),
        "traceback": _of("Always null: HTTP tells none but that of `execution_error`.", "null"),
    },
)
JOB = _all(
    "One run of a workflow.",
    {
        "id": _of("`job_` and more."),
        "status": _of("Where it stands.", enum=[*STORED]),
        "created_at": _of("When it was accepted.", **TIME),
        "started_at": _of("When it began to run.", TEXT_OR_NULL, **TIME),
        "completed_at": _of("When it ended.", TEXT_OR_NULL, **TIME),
        "expires_at": _of("Until when it can surely be asked for.", **TIME),
        "queue_position": _of("Its place among those that wait, from 1; null otherwise.", NUMBER_OR_NULL),
        "progress": {**PROGRESS, "type": ["object", "null"]},
        "outputs": {"type": "array", "items": OUTPUT, "description": "What it has made so far."},
        "error": {**JOB_ERROR, "type": ["object", "null"]},
        "metrics": _all(
            "Milliseconds.",
            {
                "queue_ms": _of("In the queue.", NUMBER_OR_NULL),
                "execution_ms": _of("At work.", NUMBER_OR_NULL),
            },
        ),
        "metadata": LABELS,
        "used": _of("Weft's own: seeds by node, digests of model files by name; null until it has ended.", [
            "object", "null",
        ]),
        "urls": _all(
            "Where to go on.",
            {"self": _of("This job."), "events": _of("Its event stream."), "cancel": _of("POST here to stop it.")},
        ),
    },
)  # fmt: skip
JOB_PAGE: dict[str, Any] = {
    "type": "object",
    "required": ["jobs"],
    "properties": {
        "jobs": {
            "type": "array",
            "description": "Jobs without outputs and links.",
            "items": _all(
                "A job.",
                {
                    "id": _of("Its id."),
                    "status": _of("Where it stands.", enum=[*STORED]),
                    "create_time": _of("When it was accepted.", **TIME),
                    "update_time": _of("When it last changed.", **TIME),
                    "created_at": _of("As in a job.", **TIME),
                    "started_at": _of("As in a job.", TEXT_OR_NULL, **TIME),
                    "completed_at": _of("As in a job.", TEXT_OR_NULL, **TIME),
                    "metadata": LABELS,
                },
            ),
        },
        "next_cursor": _of("Give it as `cursor` for the next page; absent on the last one."),
    },
}
JOB_WORKFLOW = _all(
    "A workflow.",
    {
        "workflow": _of("Node id to node.", "object"),
        "format": _of("`api`: what is run.", enum=["api"]),
    },
)
NEW_JOB: dict[str, Any] = {
    "type": "object",
    "required": ["workflow"],
    "properties": {
        "workflow": _of(
            "A graph in API format: node id to `{class_type, inputs}`.",
            "object",
            examples=[{"9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0]}}}],
        ),
        "extra_data": _of("Handed to nodes that ask for it.", "object"),
        "metadata": LABELS,
    },
}
ASSET = _all(
    "A file under an id.",
    {
        "id": _of("`asset_` and more."),
        "hash": _of("`blake3:` and 64 hexadecimal digits; null until it is known.", TEXT_OR_NULL),
        "size_bytes": _of("Its size.", "integer"),
        "content_type": _of("Its media type."),
        "file_path": _of("What it was called."),
        "created_at": _of("When.", **TIME),
        "url": _of("Where its content is."),
        "url_expires_at": _of("When to ask for a new url.", **TIME),
        "expires_at": _of("Always null: assets are kept until they are deleted.", TEXT_OR_NULL),
        "job_id": _of("The job that made it; null of an upload.", TEXT_OR_NULL),
        "tags": {"type": "array", "items": {"type": "string"}, "description": "As they were given."},
    },
)
NEW_ASSET: dict[str, Any] = {
    **ASSET,
    "required": [*ASSET["required"], "created_new"],
    "properties": {**ASSET["properties"], "created_new": _of("Whether the bytes were new here.", "boolean")},
}
FROM_HASH: dict[str, Any] = {
    "type": "object",
    "required": ["hash"],
    "properties": {
        "hash": _of("`blake3:` and 64 hexadecimal digits.", examples=["blake3:" + "0" * 64]),
        "file_path": _of("What to call it: `photo.png`, `models/loras/x.safetensors`."),
        "tags": {"type": "array", "items": {"type": "string"}, "description": "Labels of your own."},
    },
}
HEALTH = _all(
    "The server's state.",
    {
        "status": _of("`ok`, `starting` (no worker has told its nodes yet) or `paused` (the queue)."),
        "version": _of("Of Weft."),
        "api": _of("`v2`."),
        "queue": _all(
            "Jobs.", {"remaining": _of("Waiting and running.", "integer"), "paused": _of("Why.", TEXT_OR_NULL)}
        ),
    },
)
