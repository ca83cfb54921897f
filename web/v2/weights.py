"""How much of a job's work each node is, before it runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

MOST_STEPS = 10_000


def node_weights(prompt: Mapping[str, Any], targets: Iterable[str]) -> dict[str, int]:
    """The submitted nodes that the targets need: 1 each, and 1 more for each step of a sampler.

    The steps are the literal input `steps`; a linked one is not known before the run.
    """
    weights: dict[str, int] = {}
    waiting = [target for target in targets if target in prompt]
    while waiting:
        node = waiting.pop()
        if node in weights:
            continue
        inputs = _inputs(prompt[node])
        steps = inputs.get("steps")
        known = isinstance(steps, int) and not isinstance(steps, bool) and 0 < steps <= MOST_STEPS
        weights[node] = 1 + (cast("int", steps) if known else 0)
        sources = [source for value in inputs.values() if (source := _source(value)) is not None]
        waiting += [source for source in sources if source in prompt and source not in weights]
    return weights


def _inputs(node: Any) -> Mapping[str, Any]:
    inputs = cast("Mapping[str, Any]", node).get("inputs") if isinstance(node, Mapping) else None
    return cast("Mapping[str, Any]", inputs) if isinstance(inputs, Mapping) else {}


def _source(value: Any) -> str | None:
    """The node that a link comes from: `["4", 0]`."""
    if not isinstance(value, (list, tuple)):
        return None
    parts = cast("list[Any]", value)
    return parts[0] if len(parts) == 2 and isinstance(parts[0], str) else None
