"""A route: what answers, and what the API's documentation says of it. The declaration is the documentation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Schema = Mapping[str, Any]
"""A JSON schema, as OpenAPI 3.1 takes it."""


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path. `path` is aiohttp's: `/history/{prompt_id}`, `/view/{rest:.*}`."""

    method: str
    path: str
    handler: Handler
    summary: str  # one sentence, what it does
    tag: str  # the part of the API that it stands in: Queue, Files, Nodes, System, User, API v2 ...
    query: Mapping[str, str] = field(default_factory=dict[str, str])  # name -> what it does
    body: Schema | None = None  # of a JSON body
    form: Mapping[str, str] = field(default_factory=dict[str, str])  # of a multipart body: field -> what it is
    answers: Mapping[int, str] = field(default_factory=lambda: {200: "Done."})  # status -> what it means
    schema: Schema | None = None  # of the JSON answer when all is well
    media_type: str = "application/json"
    prefixed: bool = True  # served under /api as well
    description: str = ""

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path that it is served at."""
        return (self.path, f"/api{self.path}") if self.prefixed else (self.path,)
