"""How long nodes take: remembered by what decides it, newer runs counting more, over restarts."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, NamedTuple, cast

from execution.jobs.store import JobStore
from execution.schema import NodeSpec
from execution.workers.outcomes import SEED_INPUTS

KEY = "durations"  # among the kept values
KEPT = 3_000
NEWEST = 0.4  # share of the newest run in what is remembered
AT_ONCE = 0.002  # seconds; what takes less is learned once

Kinds = Mapping[str, NodeSpec]


class Described(NamedTuple):
    """A node of a prompt, as far as its time depends on it."""

    kind: str
    given: str  # the type with the numbers and choices that it was given: no seeds and texts, which take no time


def described(node: Mapping[str, Any], kinds: Kinds, alone: bool = False) -> Described:
    """What decides how long a node takes; `alone`: its type is to do, for the rest takes some microseconds."""
    kind = str(node.get("class_type"))
    return Described(kind, kind if alone else _given(kind, node, kinds))


class Durations:
    """Seconds by node type: alone, with the numbers and choices that a node was given, and with its count of steps."""

    def __init__(self) -> None:
        self._seconds: OrderedDict[str, float] = OrderedDict()  # learned last comes last
        self.changed = False  # since it was kept

    async def load(self, store: JobStore) -> None:
        """Read what was kept."""
        kept: Any = await store.value(KEY)
        if isinstance(kept, dict):
            for key, seconds in cast("dict[str, Any]", kept).items():
                if isinstance(seconds, (int, float)):
                    self._seconds.setdefault(key, float(seconds))

    async def keep(self, store: JobStore) -> None:
        """Write it down."""
        if self.changed:
            self.changed = False
            await store.set_value(KEY, {key: round(seconds, 6) for key, seconds in self._seconds.items()})

    def knows(self, kind: str, seconds: float) -> bool:
        """Whether there is nothing to learn from a node of this type that took so long."""
        return seconds < AT_ONCE and kind in self._seconds

    def learn(self, node: Mapping[str, Any], total: float | None, seconds: float, kinds: Kinds) -> None:
        """A node of a prompt took so many seconds, for `total` steps if it told of any."""
        kind = node.get("class_type")
        if not isinstance(kind, str) or self.knows(kind, seconds):
            return
        self._learn(kind, seconds)
        self._learn(described(node, kinds).given, seconds)
        if total:
            self._learn(_stepped(kind, total), seconds)

    def expected(self, node: Described) -> float | None:
        """The seconds that a node of a prompt will take; None: its type never ran."""
        found = self._seconds.get(node.given)
        return self._seconds.get(node.kind) if found is None else found

    def per_step(self, node: Described, total: float) -> float | None:
        """The seconds that a step takes of a node with so many; None: nothing is known."""
        found = self._seconds.get(_stepped(node.kind, total))
        return None if found is None or total <= 0 else found / total

    def _learn(self, key: str, seconds: float) -> None:
        known = self._seconds.pop(key, seconds)
        self._seconds[key] = known + NEWEST * (seconds - known)
        self.changed = True
        if len(self._seconds) > KEPT:
            self._seconds.popitem(last=False)


def _stepped(kind: str, total: float) -> str:
    return f"{kind} / {total:g}"


def _given(kind: str, node: Mapping[str, Any], kinds: Kinds) -> str:
    inputs: Any = node.get("inputs")
    spec = kinds.get(kind)
    combos = {one.name for one in spec.inputs if one.is_combo} if spec is not None else set[str]()
    given = sorted(
        (name, value)
        for name, value in (cast("dict[str, Any]", inputs) if isinstance(inputs, dict) else {}).items()
        if name not in SEED_INPUTS
        and (isinstance(value, (bool, int, float)) or (isinstance(value, str) and name in combos))
    )
    return f"{kind} # {blake2b(json.dumps(given).encode(), digest_size=8).hexdigest()}"
