"""The OpenAPI document of everything that is served, made from the routes' own declarations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import web

from web.route import Route

SERVED: web.AppKey[tuple[Route, ...]] = web.AppKey("served", tuple)
"""Every route that an application serves; what `/openapi.json` is made of."""

TITLE = "Weft"
OPENAPI = "3.1.0"
API_V2_TAG = "API v2"
ABOUT = (
    "The HTTP interface of Weft, a node-graph image studio. Scripts and programs written for ComfyUI's API work "
    "unchanged; API v2 is the versioned contract that comfy-sdk and @comfyorg/sdk speak. Paths are served with and "
    "without the prefix `/api` unless their servers say otherwise, and whatever answers GET answers HEAD."
)
TAGS: Mapping[str, str] = {
    "Queue": "Queue prompts, watch them, stop them, and read what they made.",
    "Nodes": "The node types that the workers offer.",
    "Files": "Pictures in and out.",
    "Models": "What lies in the model folders.",
    "User": "Settings and saved workflows.",
    "System": "The state of the machine and of the server.",
    API_V2_TAG: "A versioned contract: poll first, events as an extra, repeatable submission, assets by content.",
}
"""What the parts of the API are for, in the order in which they are shown."""

COMMON_PARAMETERS: Mapping[str, str] = {
    "id": "The id that the server gave.",
    "prompt_id": "The id of a queued prompt.",
    "job_id": "The id of a job, as `prompt_id` was answered.",
    "folder": "A kind of model folder, as `/models` lists them.",
    "filename": "The name of a file, with forward slashes.",
    "file": "The name of a file.",
}
"""What parameters of a path are that stand in many of them. A route may say it in its own words under `query`."""

ERROR: Mapping[str, Any] = {
    "type": "object",
    "description": "Why a request was refused.",
    "required": ["error", "node_errors"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["type", "message", "details", "extra_info"],
            "properties": {
                "type": {"type": "string", "description": "A name for programs."},
                "message": {"type": "string", "description": "What is wrong, as a sentence."},
                "details": {"type": "string", "description": "What to do about it."},
                "extra_info": {"type": "object"},
            },
        },
        "node_errors": {"type": "object", "description": "Node id to the errors of its inputs."},
    },
}
ERROR_V2: Mapping[str, Any] = {
    "type": "object",
    "description": "Why a request was refused.",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string", "description": "A name for programs."},
                "message": {"type": "string", "description": "What is wrong and what to do, as a sentence."},
                "details": {"type": ["object", "null"]},
            },
        }
    },
}

_PARAMETER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(?::[^{}]*(?:\{[^{}]*\}[^{}]*)*)?\}")
_EMPTY = frozenset({101, 204, 304})  # statuses whose answer has no body


def path_template(path: str) -> str:
    """A path as OpenAPI writes it: `/view/{rest:.*}` is `/view/{rest}`."""
    return _PARAMETER.sub(r"{\1}", path)


def path_parameters(path: str) -> list[str]:
    """The names between braces."""
    return _PARAMETER.findall(path)


def openapi_document(routes: Iterable[Route], version: str, secured: bool = False) -> dict[str, Any]:
    """Every route once; `secured` says that the server asks for its token."""
    paths: dict[str, dict[str, Any]] = {}
    tags: set[str] = set()
    for route in routes:
        item = paths.setdefault(path_template(route.path), {})
        if not route.prefixed:
            item["servers"] = [{"url": "/"}]
        item[route.method.lower()] = _operation(route)
        tags.add(route.tag)
    known = [name for name in TAGS if name in tags]
    ordered = [*known, *sorted(tags - {*known})]
    document: dict[str, Any] = {
        "openapi": OPENAPI,
        "info": {"title": TITLE, "version": version, "description": ABOUT},
        "servers": [{"url": "/"}, {"url": "/api"}],
        "tags": [{"name": name, "description": TAGS.get(name, name)} for name in ordered],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {"Error": dict(ERROR), "ErrorV2": dict(ERROR_V2)},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "The server's token (--token)."}
            },
        },
    }
    if secured:
        document["security"] = [{"token": []}]
    return document


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "tags": [route.tag],
        "responses": {str(status): _answer(route, status, text) for status, text in sorted(route.answers.items())},
    }
    if route.description:
        operation["description"] = route.description
    if parameters := _parameters(route):
        operation["parameters"] = parameters
    if body := _body(route):
        operation["requestBody"] = body
    return operation


def _operation_id(route: Route) -> str:
    words = re.findall(r"[A-Za-z0-9]+", path_template(route.path))
    return "_".join([route.method.lower(), *words]) if words else f"{route.method.lower()}_root"


def _parameters(route: Route) -> list[dict[str, Any]]:
    in_path = path_parameters(route.path)
    listed = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": route.query.get(name) or COMMON_PARAMETERS.get(name) or f"{name.replace('_', ' ')}.",
            "schema": {"type": "string"},
        }
        for name in in_path
    ]
    for name, text in route.query.items():
        if name not in in_path:
            listed.append({"name": name, "in": "query", "description": text, "schema": {"type": "string"}})
    return listed


def _body(route: Route) -> dict[str, Any] | None:
    content: dict[str, Any] = {}
    if route.body is not None:
        content["application/json"] = {"schema": dict(route.body)}
    if route.form:
        fields = {name: {"type": "string", "description": text} for name, text in route.form.items()}
        content["multipart/form-data"] = {"schema": {"type": "object", "properties": fields}}
    return {"content": content} if content else None


def _answer(route: Route, status: int, text: str) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": text}
    if route.method == "HEAD" or status in _EMPTY or 300 <= status < 400:
        return answer
    if status >= 400:
        error = "ErrorV2" if route.tag == API_V2_TAG else "Error"
        answer["content"] = {"application/json": {"schema": {"$ref": f"#/components/schemas/{error}"}}}
    elif route.schema is not None or route.media_type != "application/json":
        schema = dict(route.schema) if route.schema is not None else {"type": "string"}
        answer["content"] = {route.media_type: {"schema": schema}}
    return answer
