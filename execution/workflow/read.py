"""Reading a workflow file: which of the formats it is, and a sentence when it is none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from execution.problems import WorkflowError, shown
from execution.workflow.document import as_list, as_map, subgraph_definitions
from execution.workflow.limits import MAX_DEPTH, MAX_NODES

Kind = Literal["api", "ui"]


@dataclass(frozen=True, slots=True)
class WorkflowFile:
    """A workflow as it was found: an API prompt or a UI workflow, as decoded JSON.

    `extra_data` is what came beside the prompt in the body of `POST /prompt`.
    """

    kind: Kind
    document: dict[str, Any]
    extra_data: dict[str, Any] = field(default_factory=dict[str, Any])


def read_workflow(data: bytes | str | Mapping[str, Any] | list[Any]) -> WorkflowFile:
    """Tell which format a workflow has and take off what is wrapped around it.

    Accepts file contents (UTF-8, or UTF-16 with its mark) and decoded JSON; an API prompt bare or inside the body of
    `POST /prompt` (`{"prompt": ...}`) or the editor's export (`{"output": ...}`); a UI workflow bare or as
    `{"workflow": ...}`. The token NaN is accepted, as real files have it in `is_changed`; as an input's value it is
    refused by validation.

    Raises:
        WorkflowError: with a sentence that says what the file is instead.
    """
    decoded: Any = _decode(data) if isinstance(data, (bytes, str)) else data
    if isinstance(decoded, list):
        raise WorkflowError("This is a JSON list, but a workflow is a JSON object: give the file the editor saved.")
    if not isinstance(decoded, Mapping):
        raise WorkflowError(f"This JSON is only {shown(decoded)}, not a workflow, which is a JSON object.")
    document = dict(cast("Mapping[str, Any]", decoded))
    _check_depth(document)
    file = _detect(document)
    count = _count_nodes(file)
    if count > MAX_NODES:
        raise WorkflowError(f"This workflow has {count:,} nodes; at most {MAX_NODES:,} are accepted.")
    return file


def _decode(data: bytes | str) -> Any:
    if isinstance(data, bytes):
        encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        try:
            data = data.decode(encoding)
        except UnicodeDecodeError as error:
            text = f"This file is not text (byte {error.start} is not UTF-8), so it is no workflow in JSON."
            raise WorkflowError(text) from None
    if not data.strip():
        raise WorkflowError("This file is empty; a workflow is a JSON object.")
    try:
        return json.loads(data)
    except json.JSONDecodeError as error:
        text = f"This is not JSON: {error.msg} at line {error.lineno}, column {error.colno}. Save the workflow again."
        raise WorkflowError(text) from None
    except RecursionError:
        raise WorkflowError(_too_deep()) from None
    except ValueError:
        raise WorkflowError("This JSON holds a number of thousands of digits, which no workflow does.") from None


def _too_deep() -> str:
    return f"This JSON nests lists and objects more than {MAX_DEPTH} deep, which no workflow does."


def _check_depth(document: object) -> None:
    level: list[Any] = [document]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for value in level:
            members = cast("dict[str, Any]", value).values() if isinstance(value, dict) else cast("list[Any]", value)
            below += [member for member in members if isinstance(member, (dict, list))]
        if not below:
            return
        level = below
    raise WorkflowError(_too_deep())


def _detect(document: dict[str, Any]) -> WorkflowFile:
    if isinstance(document.get("nodes"), list):
        return WorkflowFile("ui", document)
    for key in ("prompt", "output"):
        inner = as_map(document.get(key))
        if inner and "class_type" not in inner and _prompt_like(inner):
            return WorkflowFile("api", inner, as_map(document.get("extra_data")))
    inner = as_map(document.get("workflow"))
    if isinstance(inner.get("nodes"), list):
        return WorkflowFile("ui", inner)
    if _prompt_like(document):
        return WorkflowFile("api", document)
    if not document or document.get("prompt") == {}:
        raise WorkflowError("This JSON object is empty: the workflow has no nodes.")
    names = ", ".join(shown(name, 40) for name in list(document)[:5])
    raise WorkflowError(
        f"This JSON is no workflow: it has neither a list 'nodes' nor nodes with a class_type (it has {names}). "
        "Give a workflow the editor saved or exported as API format."
    )


def _prompt_like(document: Mapping[str, Any]) -> bool:
    """Whether it is an API prompt, maybe a flawed one: some node in it has a class_type."""
    return any("class_type" in as_map(entry) for entry in document.values())


def _count_nodes(file: WorkflowFile) -> int:
    if file.kind == "api":
        return len(file.document)
    inner = sum(len(as_list(definition.get("nodes"))) for definition in subgraph_definitions(file.document))
    return len(as_list(file.document.get("nodes"))) + inner
