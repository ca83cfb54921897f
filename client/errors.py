"""What may go wrong, each as a sentence that says what to do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from client.results import Job


class WeftError(Exception):
    """The base of all errors of this client."""


class Unreachable(WeftError):
    """The server does not answer."""


class WaitTimeout(WeftError, TimeoutError):
    """The job has not ended in time; it goes on. `job` is how it stood."""

    def __init__(self, message: str, job: Job) -> None:
        super().__init__(message)
        self.job = job


class JobFailed(WeftError):
    """The job ended with an error. `job.error` has the details."""

    def __init__(self, message: str, job: Job) -> None:
        super().__init__(message)
        self.job = job


class JobCancelled(WeftError):
    """The job was cancelled."""

    def __init__(self, message: str, job: Job) -> None:
        super().__init__(message)
        self.job = job


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one input of one node."""

    node: str
    node_type: str
    input: str | None
    message: str

    def __str__(self) -> str:
        place = f"node {self.node} ({self.node_type})" if self.node_type else f"node {self.node}"
        return f"{place}, {self.input}: {self.message}" if self.input else f"{place}: {self.message}"


class Refused(WeftError):
    """The server refused a request. `problems` are those of a workflow's nodes."""

    def __init__(self, status: int, code: str, message: str, problems: tuple[Problem, ...] = ()) -> None:
        listed = "".join(f"\n  {problem}" for problem in problems)
        super().__init__(f"{message}{listed}")
        self.status = status
        self.code = code
        self.message = message
        self.problems = problems

    @classmethod
    def of(cls, status: int, body: bytes) -> Refused:
        """From an answer's body, whichever part of the API it comes from."""
        try:
            told: Any = json.loads(body)
        except ValueError:
            told = None
        answer = _mapping(told)
        error = _mapping(answer.get("error"))
        code = str(error.get("type") or error.get("code") or "http_error")
        said = [str(error.get("message") or f"The server answered with status {status}")]
        details = error.get("details")
        remedy = _mapping(details).get("remedy") if isinstance(details, Mapping) else details
        problems = tuple(_problems(_mapping(answer.get("node_errors"))))
        if remedy and not problems:
            said.append(str(remedy))
        return cls(status, code, " ".join(text.strip().rstrip(".") + "." for text in said), problems)


def _problems(node_errors: Mapping[str, Any]) -> list[Problem]:
    found: list[Problem] = []
    for node, told in node_errors.items():
        kind = str(_mapping(told).get("class_type") or "")
        for error in cast("list[Any]", _mapping(told).get("errors") or []):
            one = _mapping(error)
            name = _mapping(one.get("extra_info")).get("input_name")
            message, details = str(one.get("message") or ""), str(one.get("details") or "")
            shown = f"{message}: {details}" if details and details != name else message
            found.append(Problem(node, kind, str(name) if name else None, shown))
    return found


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}
