"""Lists on wires: which values each call of a node gets, and what its outputs are together.

Every output is kept as a list. A node is called once per index up to its longest input; shorter inputs repeat their
last item; an empty input means no call. A node that takes whole lists is called once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeGuard, cast

from execution.node import Returned
from execution.results import Blocked, UiData

Values = dict[str, list[Any]]
"""Parameter -> the list of its items."""


class Resolved(NamedTuple):
    """In a call's outputs, the items that a node of its expansion gave."""

    items: list[Any]


Result = Returned | Blocked
"""What a call gave; a blocker where there was no call."""


def is_sequence(value: Any) -> TypeGuard[Sequence[Any]]:
    """Whether a value is a list or a tuple."""
    return isinstance(value, (list, tuple))


def count_calls(values: Values, whole: bool) -> int:
    """How often a node is called."""
    if whole or not values:
        return 1
    lengths = [len(items) for items in values.values()]
    return max(lengths) if all(lengths) else 0


def arguments(values: Values, row: int, whole: bool, *, takes_blocked: bool = False) -> dict[str, Any] | Blocked:
    """The arguments of one call, or what blocks it; `takes_blocked`: whole lists without what is blocked in them."""
    if takes_blocked:
        return {name: [item for item in items if item.__class__ is not Blocked] for name, items in values.items()}
    if whole:
        for items in values.values():
            blocked = next((item for item in items if item.__class__ is Blocked), None)
            if blocked is not None:
                return blocked
        return {name: [*items] for name, items in values.items()}  # a node may change its lists, not the cached ones
    given: dict[str, Any] = {}
    for name, items in values.items():
        item = items[row] if row < len(items) else items[-1]
        if item.__class__ is Blocked:
            return item
        given[name] = item
    return given


def merge_outputs(results: Iterable[Result], lists: tuple[bool, ...]) -> list[list[Any]]:
    """The outputs of all calls, per output one list; what a node returns for a list output is spliced.

    Raises:
        TypeError: a list output got something that has no items.
    """
    outputs: list[list[Any]] = [[] for _ in lists]
    for result in results:
        if isinstance(result, Blocked):
            for output in outputs:
                output.append(result)
            continue
        given = result.outputs
        for slot, is_list in enumerate(lists):
            value: Any = given[slot] if slot < len(given) else None
            if value.__class__ is Resolved:
                outputs[slot].extend(value.items)
            elif not is_list or value.__class__ is Blocked:
                outputs[slot].append(value)
            elif isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping)):
                outputs[slot].extend(cast("Iterable[Any]", value))  # node packs give generators and batches, too
            else:
                kind = type(cast("object", value)).__name__
                raise TypeError(f"output {slot} is declared a list, but the node returned {kind}.")
    return outputs


def merge_ui(results: Iterable[Result]) -> dict[str, list[Any]] | None:
    """What the editor shows for all calls together; None when no call said anything."""
    merged: dict[str, list[Any]] | None = None
    for result in results:
        ui: UiData | None = None if isinstance(result, Blocked) else result.ui
        if ui is None:
            continue
        merged = {} if merged is None else merged
        for name, shown in cast("Mapping[str, Any]", ui).items():
            merged.setdefault(name, []).extend(shown if is_sequence(shown) else [shown])
    return merged
