"""From the body of `POST /prompt` to a job in the queue. Whatever is wrong with the body is a refusal that says so."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from random import getrandbits
from typing import Any, cast
from uuid import UUID

from aiohttp import web

from execution.graph import GraphNode, Link, is_link
from execution.jobs.errors import JobExists, KeyReused
from execution.jobs.records import Job, NewJob
from web.refusal import Refusal
from web.site import Site
from web.webhook_targets import checked_url
from web.workflows.prompt import catalogue, read_prompt
from web.workflows.refused import PromptRefused

MOST_ID_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Submitted:
    """A job that was accepted."""

    job: Job
    node_errors: Mapping[str, Any]  # of outputs that were left out
    replayed: bool = False  # the same idempotency key was used before: this is the first job
    warnings: list[str] = field(default_factory=list[str])


async def submit(site: Site, body: Mapping[str, Any], key: str | None = None) -> Submitted:
    """Validate and queue a prompt; it is durable when this returns.

    Args:
        site: the server.
        body: of the request: `prompt` (API format or a UI workflow) and what may stand beside it.
        key: the request's Idempotency-Key.

    Raises:
        Refusal: the prompt cannot run, or something beside it is not what it must be.
    """
    new = NewParts.read(site, body)
    read = await read_prompt(site, body, new.extra)
    await catalogue(site)
    validation = await site.dispatcher.validate(read.graph, new.targets)
    refused = validation.to_api_error()
    if refused is not None:
        raise PromptRefused({**refused, "warnings": read.warnings} if read.warnings else refused)
    job = NewJob(
        id=new.id,
        prompt=_as_validated(read.prompt, validation.graph),
        targets=tuple(validation.good_outputs),
        extra=read.extra,
        number=new.number,
        front=new.front,
        idempotency_key=f"prompt:{key}" if key else None,
        body_digest=sha256(json.dumps(body, sort_keys=True).encode()).hexdigest() if key else "",
        webhook=new.webhook,
    )
    try:
        accepted = await site.dispatcher.submit(job)
    except JobExists:
        what = f"There is a job {new.id!r} already."
        raise Refusal(409, "prompt_id_in_use", what, "Leave prompt_id out, or give one never used before.") from None
    except KeyReused:
        what = "This Idempotency-Key was used for another prompt."
        raise Refusal(422, "idempotency_key_reuse", what, "Use a fresh key for each prompt.") from None
    return Submitted(accepted.job, validation.node_errors(), accepted.replayed, read.warnings)


@dataclass(slots=True)
class NewParts:
    """What stands beside the prompt in a body."""

    id: str
    number: float | None
    front: bool
    targets: list[str] | None
    extra: dict[str, Any]
    webhook: str | None

    @classmethod
    def read(cls, site: Site, body: Mapping[str, Any]) -> NewParts:
        """Raises Refusal where one of them is not what it must be."""
        return cls(
            id=_job_id(body.get("prompt_id")),
            number=_number(body.get("number")),
            front=bool(body.get("front")),
            targets=_targets(body.get("partial_execution_targets")),
            extra=_extra(body),
            webhook=checked_url(body.get("webhook"), site.options.allow_private_webhooks),
        )


def _job_id(given: Any) -> str:
    if given is None:
        return str(UUID(int=getrandbits(128), version=4))  # uuid4 asks the system anew each time, which takes longer
    text = str(given) if isinstance(given, (str, int, float)) else ""
    if not 0 < len(text) <= MOST_ID_CHARACTERS or not text.isprintable() or "/" in text:
        what = "prompt_id is not a short text."
        remedy = f"Give 1 to {MOST_ID_CHARACTERS} printable characters without a slash, or leave it out."
        raise Refusal(400, "invalid_prompt_id", what, remedy)
    return text


def _number(given: Any) -> float | None:
    if given is None:
        return None
    try:
        value = float(given)
    except (TypeError, ValueError, OverflowError):
        value = math.nan
    if not math.isfinite(value):
        raise Refusal(400, "invalid_number", "number is not a number.", "Give one; the lowest runs first.")
    return value


def _targets(given: Any) -> list[str] | None:
    if given is None:
        return None
    items = cast("list[Any]", given) if isinstance(given, list) else [None]
    if not all(isinstance(item, (str, int)) for item in items):
        what = "partial_execution_targets is not a list of node ids."
        raise Refusal(400, "invalid_targets", what, "Give the ids of output nodes, or leave it out to run all.")
    return [str(item) for item in items]


def _extra(body: Mapping[str, Any]) -> dict[str, Any]:
    given = body.get("extra_data")
    if given is not None and not isinstance(given, dict):
        raise Refusal(400, "invalid_extra_data", "extra_data is not a JSON object.", "Give an object or leave it out.")
    extra = dict(cast("dict[str, Any]", given or {}))
    client = body.get("client_id")
    if client is not None:
        extra["client_id"] = client if isinstance(client, str) else str(client)
    return extra


def _as_validated(prompt: Mapping[str, Any], graph: Mapping[str, GraphNode]) -> dict[str, Any]:
    """The prompt as it is kept and run: literals converted, wrapped values unwrapped, the rest as it was sent."""
    result: dict[str, Any] = {}
    for node_id, written in prompt.items():
        inputs = {name: _written(value) for name, value in graph[node_id].inputs.items()}
        result[node_id] = {**written, "inputs": inputs}
    return result


def _written(value: Any) -> Any:
    if isinstance(value, Link):
        return [value.node, value.slot]
    return {"__value__": value} if is_link(value) else value  # unwrapped, such a list would read as a link


def idempotency_key(request: web.Request) -> str | None:
    """The key that makes sending a prompt twice safe.

    Raises:
        Refusal: it is longer than anybody's.
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and not 0 < len(key) <= MOST_ID_CHARACTERS:
        what = f"The Idempotency-Key has {len(key)} characters."
        raise Refusal(400, "invalid_idempotency_key", what, f"Give 1 to {MOST_ID_CHARACTERS}, a UUID for example.")
    return key
