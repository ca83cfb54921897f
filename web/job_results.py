"""What a job made, as the API tells it: history entries, job objects, files with their addresses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote, urlencode

from execution.jobs.records import Job, Outcome, Status
from folders.workspace import OWN_FOLDERS
from web.sockets import messages
from web.sockets.messages import plain_number

SECRETS = frozenset({"auth_token_comfy_org", "api_key_comfy_org"})
"""Keys of `extra_data` that are for nodes only and never told again."""

WIRE_STATUS: Mapping[Status, str] = {
    "pending": "pending",
    "running": "in_progress",
    "success": "completed",
    "error": "failed",
    "cancelled": "cancelled",
}
MEDIA = ("images", "video", "videos", "gifs", "audio", "3d", "files", "latents")
"""Lists among a node's outputs whose items are files, best picture of the job first."""
MOST_TEXT = 1_000  # characters of a text that stands for a job


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file that a node tells of."""

    node: str
    media: str  # images, audio ...
    filename: str
    subfolder: str
    type: str  # output | temp | input

    @property
    def url(self) -> str:
        """Where it can be fetched, below the server's own address."""
        query = {"filename": self.filename, "subfolder": self.subfolder, "type": self.type}
        return f"/api/view?{urlencode(query, errors='replace')}"

    def to_data(self) -> dict[str, str]:
        return {
            "node": self.node,
            "filename": self.filename,
            "subfolder": self.subfolder,
            "type": self.type,
            "url": self.url,
        }


def output_files(outcome: Outcome) -> Iterator[OutputFile]:
    """The files that a job's nodes tell of."""
    for node, shown in outcome.outputs.items():
        for media, items in shown.items():
            for item in cast("list[Any]", items) if isinstance(items, list) else []:
                if isinstance(item, dict) and isinstance(cast("dict[str, Any]", item).get("filename"), str):
                    file = cast("dict[str, Any]", item)
                    yield OutputFile(
                        node, media, file["filename"], str(file.get("subfolder", "")), str(file.get("type", "output"))
                    )


def job_url(job: Job) -> str:
    """Where a job can be asked for; ids that clients chose may hold any printable character."""
    return f"/api/jobs/{quote(job.id, safe='')}"


def public_extra(job: Job) -> dict[str, Any]:
    """`extra_data` without what is secret."""
    return {name: value for name, value in job.extra.items() if name not in SECRETS}


def queue_entry(job: Job) -> list[Any]:
    """A job as `GET /queue` lists it: number, id, prompt, extra data, outputs that run."""
    return [plain_number(job.number), job.id, job.prompt, public_extra(job), list(job.targets)]


def history_entry(job: Job) -> dict[str, Any]:
    """An ended job as `GET /history` has it; `used` is Weft's own: seeds and model files' digests."""
    outcome = job.outcome or Outcome("error")
    told = [messages.execution_start(job), messages.execution_cached(job, outcome.cached)]
    told += [messages.blocked(job, one["node"], one["node_type"], one["message"]) for one in outcome.blocked]
    told.append(messages.ending(job, outcome))
    done = outcome.status == "success"
    shown = {node: output for node, output in outcome.outputs.items() if output}
    entry: dict[str, Any] = {
        "prompt": queue_entry(job),
        "outputs": shown,
        "status": {"status_str": "success" if done else "error", "completed": done, "messages": told},
        "meta": {node: about for node, about in outcome.meta.items() if node in shown},
    }
    if outcome.used:
        entry["used"] = outcome.used
    if outcome.warnings:
        entry["warnings"] = list(outcome.warnings)
    return entry


def job_object(job: Job) -> dict[str, Any]:
    """A job as the lists of `GET /api/jobs` have it. Times are Unix milliseconds."""
    outcome = job.outcome
    files = [] if outcome is None else list(output_files(outcome))
    workflow_id = _workflow_id(job)
    shown: dict[str, Any] = {
        "id": job.id,
        "status": WIRE_STATUS[job.status],
        "create_time": job.created,
        "execution_start_time": job.started,
        "execution_end_time": job.ended,
        "preview_output": None if outcome is None else _preview(outcome, files),
        "outputs_count": len(files),
        "priority": plain_number(job.number),
        "workflow_id": workflow_id,
    }
    if outcome is not None and outcome.status == "error":
        shown["execution_error"] = messages.execution_error(job, outcome, job.ended or job.created)
    return shown


def job_detail(job: Job) -> dict[str, Any]:
    """A job as `GET /api/jobs/{id}` has it."""
    shown = job_object(job)
    shown["workflow"] = {"prompt": job.prompt, "extra_data": public_extra(job)}
    shown["update_time"] = job.ended or job.started or job.created
    shown["attempts"] = job.attempts
    if job.outcome is not None:
        entry = history_entry(job)
        shown["outputs"] = entry["outputs"]
        shown["execution_status"] = entry["status"]
        shown["execution_meta"] = entry["meta"]
        shown["used"] = job.outcome.used
    return shown


def run_result(job: Job) -> dict[str, Any]:
    """A job as `POST /api/run` and webhooks tell it: what came out, and what with."""
    result: dict[str, Any] = {"prompt_id": job.id, "status": job.status, "url": job_url(job)}
    outcome = job.outcome
    if outcome is None:
        return result
    result["outputs"] = outcome.outputs
    result["files"] = [file.to_data() for file in output_files(outcome)]
    result["used"] = outcome.used
    result["seconds"] = round(outcome.seconds, 3)
    result["cached"] = list(outcome.cached)
    if outcome.warnings:
        result["warnings"] = list(outcome.warnings)
    if outcome.status == "error":
        told = messages.execution_error(job, outcome, job.ended or job.created)
        names = ("exception_message", "exception_type", "node_id", "node_type", "current_inputs")
        result["error"] = {"type": "execution_failed", **{name: told[name] for name in names}}
        result["error"]["message"] = told["exception_message"].strip()
    return result


def _preview(outcome: Outcome, files: list[OutputFile]) -> dict[str, Any] | None:
    """What stands for the job in a list: saved files before temporary ones, pictures before others, else a text."""
    own = [file for file in files if file.type in OWN_FOLDERS]  # clients refuse the whole list for another type
    if not own:
        return _text_preview(outcome)
    best = min(own, key=lambda file: (file.type != "output", MEDIA.index(file.media) if file.media in MEDIA else 99))
    return {
        "filename": best.filename,
        "subfolder": best.subfolder,
        "type": best.type,
        "nodeId": best.node,
        "mediaType": best.media,
    }


def _text_preview(outcome: Outcome) -> dict[str, Any] | None:
    for node, shown in outcome.outputs.items():
        texts: Any = shown.get("text")
        if isinstance(texts, list) and texts and isinstance(texts[0], str):
            return {"content": texts[0][:MOST_TEXT], "nodeId": node, "mediaType": "text"}
    return None


def _workflow_id(job: Job) -> str | None:
    info: Any = job.extra.get("extra_pnginfo")
    workflow: Any = cast("dict[str, Any]", info).get("workflow") if isinstance(info, dict) else None
    found: Any = cast("dict[str, Any]", workflow).get("id") if isinstance(workflow, dict) else None
    return found if isinstance(found, str) else None
