"""`POST /api/v2/jobs`: from a workflow to a queued job, safe to be sent twice."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from aiohttp import web

from web.answers import read_object
from web.refusal import Refusal
from web.submission import Submitted, submit
from web.v2.labels import checked_labels
from web.v2.references import with_assets
from web.v2.refusals import RefusalV2, invalid
from web.v2.service import ApiV2
from web.v2.shapes import OWN_DATA
from web.workflows.refused import PromptRefused

RESERVED = ("webhook_url", "inputs")
LONGEST_KEY = 255


async def submit_workflow(parts: ApiV2, request: web.Request) -> Submitted:
    """Queue what a request asks for, or find the job that the same request made before.

    Raises:
        RefusalV2: it cannot be queued.
    """
    key = _key(request)
    body = await read_object(request)
    workflow = _workflow(body)
    prompt: dict[str, Any] = {"prompt": await with_assets(parts, workflow), "extra_data": _extra(body)}
    with _alone(parts, key):
        try:
            return await submit(parts.site, prompt, None if key is None else f"v2:{key}")
        except PromptRefused as refused:
            raise _invalid_workflow(refused) from None
        except Refusal as refused:
            if refused.type == "idempotency_key_reuse":
                raise _key_reused() from None
            raise


@contextmanager
def _alone(parts: ApiV2, key: str | None) -> Generator[None]:
    """Of two requests with one key at the same time, the second is asked to come back."""
    if key is not None and key in parts.submitting:
        what = "The first request with this Idempotency-Key is still being answered. Send it again in a second."
        raise RefusalV2(409, "idempotency_conflict", what, headers={"Retry-After": "1"})
    if key is None:
        yield
        return
    parts.submitting.add(key)
    try:
        yield
    finally:
        parts.submitting.discard(key)


def _key(request: web.Request) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (0 < len(key) <= LONGEST_KEY and key.isprintable()):
        raise invalid(f"An Idempotency-Key has 1 to {LONGEST_KEY} printable characters; a UUID is a good one.")
    return key


def _key_reused() -> RefusalV2:
    what = "This Idempotency-Key was used for another request within the last 24 hours. Use a fresh key."
    return RefusalV2(422, "idempotency_key_reuse", what)


def _workflow(body: Mapping[str, Any]) -> dict[str, Any]:
    for name in RESERVED:
        if body.get(name) is not None:
            raise invalid(f"{name!r} is reserved and not accepted yet. Leave it out.")
    workflow = body.get("workflow")
    if not isinstance(workflow, dict) or not workflow:
        what = "The body has no 'workflow'. Send {\"workflow\": {...}} with a graph in API format."
        raise RefusalV2(422, "invalid_workflow", what)
    graph = cast("dict[str, Any]", workflow)
    if isinstance(graph.get("nodes"), list) and "links" in graph:
        what = "The workflow is in the editor's own format. Export it in API format; POST /prompt takes either."
        raise RefusalV2(422, "workflow_format_ui", what)
    return graph


def _extra(body: Mapping[str, Any]) -> dict[str, Any]:
    given = body.get("extra_data")
    if given is not None and not isinstance(given, dict):
        raise invalid("'extra_data' is not a JSON object. Give one or leave it out.")
    extra = dict(cast("dict[str, Any]", given or {}))
    extra.pop(OWN_DATA, None)
    if labels := checked_labels(body.get("metadata")):
        extra[OWN_DATA] = {"metadata": labels}
    return extra


def _invalid_workflow(refused: PromptRefused) -> RefusalV2:
    """A failed validation in the contract's shape: `{node: [{field, reason, message}]}`."""
    error = cast("Mapping[str, Any]", refused.body["error"])
    listed = cast("Mapping[str, Any]", refused.body.get("node_errors") or {})
    node_errors = {node: [_node_error(one) for one in told["errors"]] for node, told in listed.items()}
    said = [f"{error['message']}".rstrip(".")]
    if error.get("details"):
        said.append(str(error["details"]))
    for node, told in list(listed.items())[:3]:
        first = told["errors"][0]
        said.append(f"node {node} ({told.get('class_type', '')}): {first['message']}: {first['details']}")
    message = "; ".join(dict.fromkeys(part.replace("\n", "; ") for part in said)) + "."
    return RefusalV2(422, "invalid_workflow", message, {"node_errors": node_errors, "type": error["type"]})


def _node_error(error: Mapping[str, Any]) -> dict[str, Any]:
    field = error.get("extra_info", {}).get("input_name")
    return {"field": field, "reason": error["type"], "message": f"{error['message']}: {error['details']}"}
