"""How API v2 refuses: `{"error": {"code", "message", "details"}}`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import wraps
from typing import Any

from aiohttp import web

from web.answers import json_answer
from web.refusal import Refusal
from web.route import Handler


class RefusalV2(Refusal):
    """A refusal with a code that the contract names, and details for programs."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, code, message, headers=headers)
        self.data = None if details is None else dict(details)

    def to_json(self) -> dict[str, Any]:
        return {"error": {"code": self.type, "message": self.message, "details": self.data}}


def not_found(what: str) -> RefusalV2:
    """`what` names what is not there: "job", "asset"."""
    return RefusalV2(404, "not_found", f"There is no such {what}. It may have been deleted; ids are never reused.")


def invalid(message: str) -> RefusalV2:
    """The request itself is not as it must be."""
    return RefusalV2(422, "invalid_request", message)


def refusing(handler: Handler) -> Handler:
    """Answer a handler's `RefusalV2` with its details; everything else is the application's to tell."""

    @wraps(handler)
    async def refuse(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except RefusalV2 as refusal:
            return json_answer(refusal.to_json(), refusal.status, refusal.headers)

    return refuse
