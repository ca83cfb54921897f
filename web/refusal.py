"""Refusing a request: one exception, one JSON shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Refusal(Exception):
    """The request cannot be served as it is. Answered as JSON with `type`, a sentence and a remedy.

    `{"error": {"type", "message", "details", "extra_info"}, "node_errors": {}}`, the shape that clients of the
    existing API read (API_FACTS 4.4); `details` holds the remedy.
    """

    def __init__(
        self,
        status: int,
        type: str,
        message: str,
        remedy: str = "",
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.type = type
        self.message = message
        self.remedy = remedy
        self.headers = dict(headers or {})

    def to_json(self) -> dict[str, Any]:
        error: dict[str, Any] = {"type": self.type, "message": self.message, "details": self.remedy, "extra_info": {}}
        return {"error": error, "node_errors": {}}
