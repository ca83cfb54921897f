"""Prompts that cannot run, in the words of the existing API (API_FACTS 4.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from web.refusal import Refusal


class PromptRefused(Refusal):
    """A prompt that cannot run; `body` is the answer as the existing API has it."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        super().__init__(400, str(body["error"]["type"]), str(body["error"]["message"]))
        self.body = body

    def to_json(self) -> dict[str, Any]:
        return dict(self.body)


def prompt_refused(type: str, message: str, details: str) -> PromptRefused:
    """A refusal of the whole prompt."""
    return PromptRefused(
        {"error": {"type": type, "message": message, "details": details, "extra_info": {}}, "node_errors": {}}
    )


def invalid_prompt(message: str, details: str) -> PromptRefused:
    """A refusal of what is no prompt."""
    return prompt_refused("invalid_prompt", message, details)
