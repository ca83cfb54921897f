"""What would become of a prompt, without queueing it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from web.refusal import Refusal
from web.site import Site
from web.submission import NewParts
from web.workflows.missing import Sources, missing_files, missing_types
from web.workflows.prompt import ReadPrompt, catalogue, read_prompt


async def check(site: Site, body: Mapping[str, Any]) -> dict[str, Any]:
    """The verdict on the body of a `POST /prompt`.

    Raises:
        Refusal: 503 while no worker has told its node types; whatever is wrong with the prompt is in the answer.
    """
    try:
        new = NewParts.read(site, body)
        read = await read_prompt(site, body, new.extra)
        await catalogue(site)
    except Refusal as refusal:
        if refusal.status >= 500:
            raise
        return {"ok": False, **refusal.to_json(), "missing_types": [], "missing_files": [], "warnings": []}
    validation = await site.dispatcher.validate(read.graph, new.targets)
    refused = validation.to_api_error()
    return {
        "ok": refused is None,
        "error": None if refused is None else refused["error"],
        "node_errors": validation.node_errors() if refused is None else refused["node_errors"],
        **await asyncio.to_thread(_missing, site, read),
        "warnings": read.warnings,
    }


def _missing(site: Site, read: ReadPrompt) -> dict[str, Any]:
    known = site.dispatcher.catalogue or {}
    sources = Sources.read(read.workflow, known)
    return {
        "missing_types": missing_types(read.graph, known, sources),
        "missing_files": missing_files(read.graph, known, sources, site.workspace),
    }
