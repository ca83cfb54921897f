"""Which worker a job suits best: the one that ran the most of the same model files before."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, cast

from execution.schema import NodeSpec

REMEMBERED = 500  # files per worker

Trace = tuple[str, str, str]
"""Node type, input, name of the file."""


class Affinity:
    """What each worker has run."""

    def __init__(self) -> None:
        self._seen: dict[str, OrderedDict[Trace, None]] = {}

    def ran(self, worker: str, traces: Sequence[Trace]) -> None:
        """A worker takes a job."""
        seen = self._seen.setdefault(worker, OrderedDict())
        for trace in traces:
            seen[trace] = None
            seen.move_to_end(trace)
        while len(seen) > REMEMBERED:
            seen.popitem(last=False)

    def forget(self, worker: str) -> None:
        """A worker has died, and what it had loaded with it."""
        self._seen.pop(worker, None)

    def best(self, workers: Sequence[str], traces: Sequence[Trace]) -> str:
        """The worker that ran the most of them; of equals the first."""
        return max(workers, key=lambda name: sum(trace in self._seen.get(name, ()) for trace in traces))


def traces_of(prompt: Mapping[str, Any], catalogue: Mapping[str, NodeSpec]) -> list[Trace]:
    """The files that a prompt names; none of what is no node."""
    files = {name: [one.name for one in spec.inputs if one.files is not None] for name, spec in catalogue.items()}
    found: dict[Trace, None] = {}
    for node in prompt.values():
        written = cast("Mapping[str, Any]", node if isinstance(node, Mapping) else {})
        kind, given = written.get("class_type"), written.get("inputs")
        if not isinstance(kind, str) or not isinstance(given, Mapping):
            continue
        inputs = cast("Mapping[str, Any]", given)
        for name in files.get(kind, ()):
            value = inputs.get(name)
            if isinstance(value, str):
                found[(kind, name, value)] = None
    return list(found)
