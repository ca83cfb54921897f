"""A run's events as data, and back: what `Told` carries."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from execution.errors import NodeRef
from execution.events import (
    Cached,
    Event,
    NodeBlocked,
    NodeFinished,
    NodeStarted,
    Progress,
    Started,
    UiOutput,
    Warned,
)
from execution.workers.plain import plain

EXACT = 2**53  # beyond it, programs that know only floats mistake one whole number for another

EventData = list[Any]
"""[name of a class of execution.events, its fields in order]."""

_NAMED = (Started, Cached, NodeStarted, NodeFinished, Progress, UiOutput, Warned, NodeBlocked)
_KINDS: Mapping[str, Any] = {kind.__name__: kind for kind in _NAMED}


def event_to_data(event: Event) -> EventData | None:
    """An event as JSON data; None for those that a worker tells in another way, or that say nothing."""
    match event:
        case NodeStarted(node):
            return ["NodeStarted", [node]]
        case NodeFinished(node, seconds, peak, reason):
            return ["NodeFinished", [node, seconds, peak, reason]]
        case Progress(node, value, total):
            numbers = [_number(value), _number(total)]
            return None if None in numbers else ["Progress", [node, *numbers]]
        case UiOutput(node, output):
            return ["UiOutput", [node, plain(output)]]
        case Started(nodes):
            return ["Started", [nodes]]
        case Cached(nodes):
            return ["Cached", [nodes]]
        case Warned(node, sentence):
            return ["Warned", [node, sentence]]
        case NodeBlocked(node, message):
            return ["NodeBlocked", [node, message]]
        case _:
            return None


def _number(value: Any) -> int | float | None:
    """A number as JSON has it; node packs report progress with whatever counts."""
    if type(value) is int and abs(value) <= EXACT:
        return value
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def event_from_data(data: Sequence[Any]) -> Event:
    """The inverse of `event_to_data`.

    Raises:
        KeyError, TypeError, ValueError: the data is no event.
    """
    name, values = data
    match name:
        case "Started":
            return Started(*values)
        case "Cached":
            return Cached(tuple(values[0]))
        case "Warned":
            node, sentence = values
            return Warned(None if node is None else NodeRef(*node), sentence)
        case _:
            return _KINDS[name](NodeRef(*values[0]), *values[1:])
