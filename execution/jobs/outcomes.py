"""Outcomes as JSON data and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from execution.jobs.records import JobError, Outcome

_TUPLES = ("cached", "executed", "cancelled_at", "blocked", "warnings")
_NAMES = frozenset(field.name for field in fields(Outcome))
_ERROR_NAMES = frozenset(field.name for field in fields(JobError))


def outcome_to_data(outcome: Outcome) -> dict[str, Any]:
    """As JSON data, without what is empty."""
    data = {name: value for name in _NAMES if (value := getattr(outcome, name))}
    if outcome.error is not None:
        error = outcome.error
        data["error"] = {name: value for name in _ERROR_NAMES if (value := getattr(error, name)) or name == "message"}
    return data


def outcome_from_data(data: Mapping[str, Any]) -> Outcome:
    """The outcome again; names that this version does not know are left out."""
    known: dict[str, Any] = {
        name: tuple(value) if name in _TUPLES else value for name, value in data.items() if name in _NAMES
    }
    if "error" in known:
        error = {name: value for name, value in known["error"].items() if name in _ERROR_NAMES}
        error["traceback"] = tuple(error.get("traceback", ()))
        known["error"] = JobError(**error)
    return Outcome(**known)
