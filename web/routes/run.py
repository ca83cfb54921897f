"""Running a prompt and waiting for its pictures, in one request."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import web

from execution.jobs.records import ENDED, Job
from folders.safe_paths import UnsafeNameError, inside
from folders.workspace import OWN_FOLDERS, Workspace
from web.answers import json_answer, read_object
from web.endings import ENDINGS
from web.files.media_types import media_type, medium
from web.job_results import OutputFile, job_url, output_files, run_result
from web.numbers import real_number
from web.refusal import Refusal
from web.route import Route
from web.routes.prompt import PROMPT_BODY, REFUSALS
from web.site import site
from web.submission import idempotency_key, submit
from web.webhooks import WEBHOOKS

USUAL_SECONDS = 60.0
MOST_SECONDS = 3_600.0
MOST_BYTES = 512 * 2**20
"""Of all pictures in one answer."""


async def run(request: web.Request) -> web.Response:
    """Queue a prompt and answer when it has ended, or when the wait has."""
    wait = real_number(request, "wait")
    images = request.query.get("images", "url")
    if images not in ("url", "base64"):
        raise Refusal(400, "invalid_request", "images is neither url nor base64.", "Use ?images=base64, or leave it.")
    body = await read_object(request)
    submitted = await submit(site(request), body, idempotency_key(request))
    await request.app[WEBHOOKS].expect(submitted.job)
    seconds = min(max(USUAL_SECONDS if wait is None else wait, 0.0), MOST_SECONDS)
    job = await request.app[ENDINGS].wait(submitted.job.id, seconds) or submitted.job
    if job.status not in ENDED:
        answer = {**run_result(job), "node_errors": submitted.node_errors}
        return json_answer(answer, 202, {"Location": job_url(job)})
    picture_type = _wanted_picture(request)
    if picture_type is not None:
        return await _picture(site(request).workspace, job, picture_type)
    result: dict[str, Any] = {**run_result(job), "node_errors": submitted.node_errors}
    if submitted.warnings:
        result["warnings"] = [*submitted.warnings, *result.get("warnings", [])]
    if images == "base64":
        result["images"] = await asyncio.to_thread(_encoded, site(request).workspace, _pictures(job))
    return json_answer(result)


def _wanted_picture(request: web.Request) -> str | None:
    """The media type when the client wants the picture itself."""
    for part in request.headers.get("Accept", "").split(","):
        kind = part.split(";", 1)[0].strip().lower()
        if kind in ("application/json", "*/*"):
            return None
        if kind.startswith("image/"):
            return kind
    return None


async def _picture(workspace: Workspace, job: Job, wanted: str) -> web.Response:
    """The first picture of that type; saved ones before temporary ones."""
    if job.status != "success":
        what = f"The job {job.id} ended without success ({job.status})."
        raise Refusal(422, "run_failed", what, f"GET {job_url(job)} tells what happened.")
    files = sorted(_pictures(job), key=lambda file: file.type != "output")
    for file in files:
        kind = media_type(file.filename)
        if wanted == kind or (wanted == "image/*" and medium(file.filename) == "image"):
            data = await asyncio.to_thread(_read, workspace, file)
            return web.Response(body=data, content_type=kind, headers={"X-Weft-Job": quote(job.id)})
    what = f"The job {job.id} made no {wanted}."
    raise Refusal(406, "no_such_picture", what, f"GET {job_url(job)} lists what it made.")


def _pictures(job: Job) -> list[OutputFile]:
    return [] if job.outcome is None else [file for file in output_files(job.outcome) if file.media == "images"]


def _encoded(workspace: Workspace, files: Sequence[OutputFile]) -> list[dict[str, str]]:
    """Pictures as text."""
    result: list[dict[str, str]] = []
    total = 0
    for file in files:
        data = _read(workspace, file)
        total += len(data)
        if total > MOST_BYTES:
            what = "The pictures of this job are too large for one answer."
            raise Refusal(413, "answer_too_large", what, "Leave images=base64 out and fetch them by their URLs.")
        encoded = base64.b64encode(data).decode("ascii")
        result.append({**file.to_data(), "media_type": media_type(file.filename), "data": encoded})
    return result


def _read(workspace: Workspace, file: OutputFile) -> bytes:
    """The bytes of an output, which a node pack named: never outside the own folders."""
    try:
        path = _path(workspace, file)
        if path.stat().st_size > MOST_BYTES:
            raise OSError
        return path.read_bytes()
    except (OSError, ValueError):  # also a name that the file system cannot hold
        what = f"The job's picture {file.filename!r} cannot be read."
        raise Refusal(404, "not_found", what, "It may have been deleted; run the prompt again.") from None


def _path(workspace: Workspace, file: OutputFile) -> Path:
    name = f"{file.subfolder}/{file.filename}" if file.subfolder else file.filename
    for kind in OWN_FOLDERS:
        if kind == file.type:
            return inside(workspace.folder(kind), name)
    raise UnsafeNameError(file.type)


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/run",
        run,
        "Run a prompt and answer with what it made.",
        "Queue",
        query={
            "wait": f"Seconds to wait for its end (usually {USUAL_SECONDS:g}, at most {MOST_SECONDS:g}).",
            "images": "base64: the pictures stand in the answer; url (usual): their addresses.",
        },
        body=PROMPT_BODY,
        answers={
            200: "The job has ended: `status` is success, error or cancelled. With `Accept: image/png`: the picture.",
            202: "The job goes on; `url` and the header Location say where to ask.",
            404: "A picture was deleted meanwhile.",
            406: "The job made no picture of the wanted type.",
            **REFUSALS,
            413: "The body, or the pictures of the answer, are too large.",
            422: "A picture was wanted but the job failed; or the Idempotency-Key was used for another prompt.",
        },
        schema={
            "type": "object",
            "properties": {
                "prompt_id": {"type": "string"},
                "status": {"enum": ["pending", "running", "success", "error", "cancelled"]},
                "url": {"type": "string", "description": "The job's address."},
                "outputs": {"type": "object", "description": "Node id -> what it shows."},
                "files": {"type": "array", "items": {"type": "object"}, "description": "With their addresses."},
                "images": {"type": "array", "items": {"type": "object"}, "description": "With images=base64."},
                "used": {"type": "object", "description": "seeds: node -> input -> seed; models: file -> digest."},
                "seconds": {"type": "number"},
                "error": {"type": "object", "description": "Of a run that failed: node, type, inputs, message."},
                "node_errors": {"type": "object"},
            },
        },
    ),
)
