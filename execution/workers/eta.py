"""When a running job will be done."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import Any, Literal, NamedTuple, cast

from execution.graph import is_link
from execution.workers.durations import Described, Durations, Kinds, described
from execution.workers.running import Running

MOST_NODES = 5_000  # of a prompt; of a larger one nobody can say quickly
MOST_DESCRIBED = 500  # that run, of a prompt: of more, the types alone are looked at


class Eta(NamedTuple):
    """Seconds until a job's end, and from its beginning to it. "guessed": nothing is known of some node to come."""

    seconds_left: float
    seconds_total: float
    confidence: Literal["measured", "guessed"]


def estimate(running: Running, durations: Durations, to_run: Mapping[str, Described]) -> Eta | None:
    """When a job will be done; None: of no node that is still to run anything is known.

    `to_run`: the submitted nodes that will run, or have (see `nodes_to_run`).
    """
    progress, now = running.progress, monotonic()
    left, known, unknown = 0.0, 0, 0
    for node_id, node in to_run.items():
        if node_id in progress.finished:
            continue
        if node_id in progress.running:
            seconds = _rest(running, node_id, node, durations, now)
        else:
            seconds = durations.expected(node)
        if seconds is None:
            unknown += 1
        else:
            known += 1
            left += seconds
    if not known:
        return None
    return Eta(left, now - running.began + left, "guessed" if unknown else "measured")


def nodes_to_run(running: Running, kinds: Kinds) -> dict[str, Described]:
    """The submitted nodes that a job runs, now that it is known which of them need not: at most, for some are lazy."""
    prompt, cached = running.job.prompt, running.progress.cached
    if len(prompt) > MOST_NODES:
        return {}
    found: dict[str, Mapping[str, Any]] = {}
    pending = list(running.job.targets)
    while pending:
        node_id = pending.pop()
        if node_id in found or node_id in cached or not isinstance(prompt.get(node_id), Mapping):
            continue
        node = found[node_id] = cast("Mapping[str, Any]", prompt[node_id])
        inputs: Any = node.get("inputs")
        for value in (cast("dict[str, Any]", inputs) if isinstance(inputs, dict) else {}).values():
            if is_link(value):
                pending.append(value[0])
    alone = len(found) > MOST_DESCRIBED
    return {node_id: described(node, kinds, alone) for node_id, node in found.items()}


def _rest(running: Running, node_id: str, node: Described, durations: Durations, now: float) -> float | None:
    """The seconds that a node which runs has still to go: by its own pace if it tells one, else as it took before."""
    progress = running.progress
    pace, steps = progress.paces.get(node_id), progress.steps.get(node_id)
    if pace is not None and steps is not None and steps[1] > 0:
        step = durations.per_step(node, steps[1])
        if pace.last > pace.first:
            step = (pace.last_at - pace.first_at) / (pace.last - pace.first)
        if step is not None:
            return max(0.0, step * (steps[1] - pace.last) - (now - pace.last_at))
    expected = durations.expected(node)
    return None if expected is None else max(0.0, expected - (now - progress.began.get(node_id, now)))
