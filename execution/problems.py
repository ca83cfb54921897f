"""What is wrong with a workflow, said so that a person can mend it and a client can read it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from execution.graph import GraphNode

Severity = Literal["error", "warning"]
SUGGESTED_AT_MOST = 200
COMPARED_AT_MOST = 2_000


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong: where, what, and how to mend it.

    `type`, `message`, `details` and `extra_info` are what the wire format of the existing clients says
    (API_FACTS 4.4); `what` and `remedy` are sentences for people.
    """

    type: str
    what: str
    remedy: str = ""
    severity: Severity = "error"
    node: str | None = None
    node_type: str = ""
    title: str = ""
    input: str | None = None
    message: str = ""
    details: str = ""
    extra_info: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def where(self) -> str:
        """The node by id, title and type: `Node 3 "Base" (KSampler)`; empty for the whole workflow."""
        if self.node is None:
            return ""
        title = f' "{self.title}"' if self.title and self.title != self.node_type else ""
        kind = f" ({self.node_type})" if self.node_type else ""
        return f"Node {self.node}{title}{kind}"

    @property
    def sentence(self) -> str:
        """The whole problem as text."""
        start = f"{self.where}: " if self.where else ""
        return f"{start}{self.what} {self.remedy}".rstrip()

    def to_wire(self) -> dict[str, Any]:
        """As an entry of `node_errors[...]["errors"]`."""
        return {
            "type": self.type,
            "message": self.message or self.what,
            "details": self.details,
            "extra_info": dict(self.extra_info),
        }


class WorkflowError(ValueError):
    """A file holds no workflow that can be read at all; the text is a sentence for people."""


def at_node(node: GraphNode, type: str, what: str, remedy: str = "", **more: Any) -> Problem:
    """A problem of `node`; `more` are further fields of `Problem`."""
    return Problem(type, what, remedy, node=node.id, node_type=node.type, title=node.title, **more)


def shown(value: Any, length: int = 80) -> str:
    """A value as it stands in a sentence: cut when long."""
    text = repr(value)
    return text if len(text) <= length else f"{text[:length]}..."


class Suggestions:
    """Close matches for misspelt names.

    Comparing is slow, so each question is asked once, and after 200 different ones there are no more answers: a
    prompt with 100,000 unknown types is still refused at once.
    """

    def __init__(self) -> None:
        self._answers: dict[tuple[str, str], str] = {}

    def phrase(self, kind: str, wanted: Any, known: Sequence[Any]) -> str:
        """` Did you mean 'a' or 'b'?`, or nothing when no name is near.

        `kind` tells one list of known names from another; the first list given under it counts.
        """
        if not isinstance(wanted, str):
            return ""
        key = (kind, wanted)
        if key not in self._answers:
            if len(self._answers) >= SUGGESTED_AT_MOST:
                return ""
            self._answers[key] = _phrase(wanted, [name for name in known[:COMPARED_AT_MOST] if isinstance(name, str)])
        return self._answers[key]


def _phrase(wanted: str, known: list[str]) -> str:
    if len(wanted) > 500:
        return ""
    stem = wanted.replace("\\", "/").rsplit("/", 1)[-1].lower()
    same_name = [name for name in known if name.replace("\\", "/").rsplit("/", 1)[-1].lower() == stem]
    near = same_name or difflib.get_close_matches(wanted, known, n=3, cutoff=0.6)
    return f" Did you mean {' or '.join(repr(name) for name in near[:3])}?" if near else ""
