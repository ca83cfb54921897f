"""Answering what flowed through a wire: the worker's side of `GET /api/jobs/{id}/values/...`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from execution.workers.flows import Flowed, Flows, NotThereError

PICTURES_OF = ("current", "previous", "difference")


class Inspector(Protocol):
    """Looks at values; known to the worker's wiring alone. Used on one thread, while jobs run on another."""

    def describe(self, items: list[Any], type: str) -> Mapping[str, Any]:
        """What there is to say of an output: `items` (see docs/api.md) and how many more there are."""
        ...

    def difference(self, items: list[Any], others: list[Any], type: str) -> Mapping[str, Any] | None:
        """How far an output is from an earlier one; None where the two cannot be compared."""
        ...

    def picture(self, items: list[Any], type: str, item: int, batch: int, size: int) -> tuple[Mapping[str, str], bytes]:
        """A PNG, and what to say of it.

        Raises:
            NotThereError: there is no such picture.
        """
        ...

    def difference_picture(
        self, items: list[Any], others: list[Any], type: str, item: int, batch: int, size: int
    ) -> tuple[Mapping[str, str], bytes]:
        """A PNG of how far two pictures are apart, and what to say of it.

        Raises:
            NotThereError: there is no such picture, or the two cannot be compared.
        """
        ...


class Inspection:
    """Answers questions about values. A question holds `job`, `node`, `slot` and what its kind needs besides."""

    def __init__(self, flows: Flows, inspector: Inspector) -> None:
        self._flows = flows
        self._inspector = inspector

    def value(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """What flowed, and what did before if `compare` is true.

        Raises:
            NotThereError: it is not there.
        """
        now, items = self._now(question)
        told = self._told(now)
        if question["compare"]:
            before = self._before(now)
            told["previous"] = None if before is None else self._told(before)
            others = None if before is None else before.items
            told["difference"] = None if others is None else self._inspector.difference(items, others, now.type)
        return told

    def picture(self, question: Mapping[str, Any]) -> tuple[Mapping[str, str], bytes]:
        """A PNG of what flowed (`of`), and what to say of it.

        Raises:
            NotThereError: there is none.
        """
        now, items = self._now(question)
        which = (int(question["item"]), int(question["batch"]), int(question["size"]))
        if question["of"] == "current":
            return self._inspector.picture(items, now.type, *which)
        before = self._before(now)
        if before is None:
            raise NotThereError(404, "No earlier job is remembered in which this output was another one.")
        if before.items is None:
            raise NotThereError(410, "What flowed here before is not kept any more.")
        if question["of"] == "previous":
            return self._inspector.picture(before.items, before.type, *which)
        return self._inspector.difference_picture(items, before.items, now.type, *which)

    def _now(self, question: Mapping[str, Any]) -> tuple[Flowed, list[Any]]:
        now = self._flows.find(str(question["job"]), str(question["node"]), int(question["slot"]))
        if now.items is None:
            said = f"What node {now.node[:80]} gave is not kept any more, or not there yet."
            raise NotThereError(410, f"{said} Run the workflow again to look at it.")
        return now, now.items

    def _before(self, now: Flowed) -> Flowed | None:
        return self._flows.before(now.job, now.node, now.slot)

    def _told(self, flowed: Flowed) -> dict[str, Any]:
        told: dict[str, Any] = {"prompt_id": flowed.job, "node": flowed.node, "slot": flowed.slot, "type": flowed.type}
        if flowed.items is None:
            return {**told, "kept": False, "items": []}
        return {**told, "kept": True, **self._inspector.describe(flowed.items, flowed.type)}
