"""The prompt in a request's body: as it was sent, or converted from a UI workflow, then changed as the body says."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from execution.graph import Graph, PromptShapeError, parse_prompt
from execution.problems import WorkflowError
from execution.schema import NodeSpec
from execution.stand_ins import Substitution, apply_stand_ins, plan_stand_ins
from execution.workflow import read_workflow, ui_to_prompt
from execution.workflow.patch import change_widgets
from web.changes import with_changes
from web.refusal import Refusal
from web.site import Site
from web.workflows.examples import example_names, with_examples
from web.workflows.refused import invalid_prompt, prompt_refused

CATALOGUE_SECONDS = 60.0
"""How long a prompt waits for the first worker's node types, on the very first start."""


@dataclass(slots=True)
class ReadPrompt:
    """A prompt before it is judged."""

    prompt: dict[str, Any]  # API format, as it was sent or converted
    graph: Graph  # the same, parsed; with stand-ins where they were asked for
    extra: dict[str, Any]  # extra_data, with the workflow that pictures carry
    workflow: dict[str, Any] | None = None  # the UI workflow that the prompt was converted from
    warnings: list[str] = field(default_factory=list[str])  # sentences


async def read_prompt(site: Site, body: Mapping[str, Any], extra: dict[str, Any]) -> ReadPrompt:
    """The prompt of a request, with `set` and `stand_ins` done.

    Args:
        site: the server.
        body: of the request: `prompt` or `workflow`, in API format or a UI workflow; or itself a UI workflow.
        extra: `extra_data` of the job that is to be.

    Raises:
        Refusal: there is no prompt, or none that can be read; 503 while no worker has told its node types.
    """
    read = await _given(site, body, extra)
    _check_nodes(read.prompt)
    if body.get("set") is not None:
        known = await catalogue(site)
        read.prompt = await asyncio.to_thread(with_changes, read.prompt, read.extra, body["set"], known)
    try:
        read.graph = parse_prompt(read.prompt)
    except PromptShapeError as error:
        raise invalid_prompt(str(error), "") from None
    if _wants_stand_ins(body):
        await asyncio.to_thread(_stand_in, read, site, await catalogue(site))
    return read


async def catalogue(site: Site) -> Mapping[str, NodeSpec]:
    """The node types, once a worker has announced them.

    Raises:
        Refusal: 503 when no worker has come up.
    """
    known = site.dispatcher.catalogue
    if known is None:
        await site.dispatcher.wait_catalogue(CATALOGUE_SECONDS)
        known = site.dispatcher.catalogue
    if known is None:
        what = "No worker has told its node types yet."
        remedy = "Try again in a few seconds; if it stays so, the server's log says why the worker does not start."
        raise Refusal(503, "worker_not_ready", what, remedy, headers={"Retry-After": "5"})
    return known


async def converted(site: Site, workflow: Mapping[str, Any], extra: dict[str, Any]) -> ReadPrompt:
    """The API prompt of a UI workflow; `extra` gets the workflow, for the pictures to carry.

    An API prompt is given back as it is.

    Raises:
        Refusal: it holds no workflow that can be converted.
    """
    known = await catalogue(site)
    try:
        file = await asyncio.to_thread(read_workflow, workflow)
        if file.kind == "api":
            return ReadPrompt(file.document, {}, extra)
        document = file.document
        conversion = await asyncio.to_thread(ui_to_prompt, document, known, site.workspace.list_files)
    except WorkflowError as error:
        raise invalid_prompt(str(error), "") from None
    kept: Any = extra.get("extra_pnginfo")
    info: dict[str, Any] = dict(cast("dict[str, Any]", kept)) if isinstance(kept, dict) else {}
    info.setdefault("workflow", document)
    extra["extra_pnginfo"] = info
    return ReadPrompt(conversion.prompt, {}, extra, document, [one.sentence for one in conversion.problems])


def is_ui_workflow(value: Any) -> bool:
    """Whether a JSON value is a workflow as an editor saves it."""
    return isinstance(value, Mapping) and isinstance(cast("Mapping[str, Any]", value).get("nodes"), list)


async def _given(site: Site, body: Mapping[str, Any], extra: dict[str, Any]) -> ReadPrompt:
    """The prompt as it was sent, converted where a UI workflow was given."""
    given = body.get("prompt")
    workflow = next((one for one in (given, body.get("workflow"), body) if is_ui_workflow(one)), None)
    if workflow is not None:
        return await converted(site, cast("Mapping[str, Any]", workflow), extra)
    if "prompt" not in body:
        raise prompt_refused("no_prompt", "No prompt provided", "No prompt provided")
    if not isinstance(given, dict):
        raise invalid_prompt("The prompt is not a JSON object.", "Give an object of node id: node.")
    return ReadPrompt(cast("dict[str, Any]", given), {}, extra)


def _check_nodes(prompt: Mapping[str, Any]) -> None:
    """What parsing would refuse, in the words of the existing API."""
    for node_id, node in prompt.items():
        if not isinstance(node, dict) or not isinstance(cast("dict[str, Any]", node).get("class_type"), str):
            what = "Cannot execute because a node is missing the class_type property."
            raise invalid_prompt(what, f"Node ID '#{node_id}'")


def _wants_stand_ins(body: Mapping[str, Any]) -> bool:
    given = body.get("stand_ins")
    if given is not None and not isinstance(given, bool):
        what = "'stand_ins' is neither true nor false."
        raise Refusal(400, "invalid_stand_ins", what, "Give true to let models that are here take missing ones' place.")
    return given is True


def _stand_in(read: ReadPrompt, site: Site, known: Mapping[str, NodeSpec]) -> None:
    """Let models that are there take the place of others, in the graph and in the workflow that pictures carry."""
    here = site.workspace
    planned = plan_stand_ins(read.graph, here.list_files, known, has_file=here.has_file, pictures=example_names())
    found = with_examples(planned, here)
    apply_stand_ins(read.graph, found)
    read.warnings += [one.sentence for one in found]
    if found:
        read.extra["extra_pnginfo"] = _info_with(read.extra.get("extra_pnginfo"), found, known)


def _info_with(info: Any, found: list[Substitution], known: Mapping[str, NodeSpec]) -> dict[str, Any]:
    told: dict[str, Any] = dict(cast("dict[str, Any]", info)) if isinstance(info, dict) else {}
    if is_ui_workflow(told.get("workflow")):
        changes = [(one.node, one.input, one.used) for one in found]
        try:
            told["workflow"], _ = change_widgets(told["workflow"], changes, known)
        except WorkflowError:  # none that Weft can read: it stays as it was sent
            return told
    told["stand_ins"] = [{"node": one.node, "wanted": one.wanted, "used": one.used} for one in found]
    return told
