"""Values of node packs' declarations as JSON can hold them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

DEEPEST = 8  # nesting of options; deeper ones are put as text


def plain_value(value: Any, depth: int = 0) -> Any:
    """Texts (their class kept: packs override comparisons), numbers, None, lists and mappings; others as text."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if depth >= DEEPEST:
        return str(value)
    if isinstance(value, Mapping):
        items = cast("Mapping[Any, Any]", value).items()
        return {str(name): plain_value(one, depth + 1) for name, one in items}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain_value(one, depth + 1) for one in cast("Iterable[Any]", value)]
    item: Any = getattr(value, "item", None)  # a number of numpy or torch
    if callable(item):
        try:
            return plain_value(item(), depth + 1)
        except (TypeError, ValueError, RuntimeError):  # an array of several
            return str(value)
    return str(value)
