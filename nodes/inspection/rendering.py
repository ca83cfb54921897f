"""Values as a few words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from torch import Tensor

from nodes.inspection.curves import curve_of
from nodes.inspection.sentences import sentence_of
from nodes.prompt_notes import OPTION

LONGEST = 200  # characters of an option
LONGEST_TEXT = 20_000  # of a text that flowed
MOST_ITEMS = 8  # of a list that are named
DEEPEST = 3


def short(value: Any, level: int = 0) -> str:
    """A value in at most 200 characters: numbers and texts as they are, tensors by their shape."""
    return _cut(_short(value, level), LONGEST)


def long(value: Any) -> str:
    """A text or another value as it is shown by itself; of a short row of numbers (noise levels) all of them."""
    row = curve_of(value) if isinstance(value, Tensor) else None
    if row is not None:
        return ", ".join(f"{number:.6g}" for number in row)
    return _cut(value, LONGEST_TEXT) if isinstance(value, str) else short(value)


def dtype_of(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _short(value: Any, level: int) -> str:
    if isinstance(value, Tensor):
        return f"{dtype_of(value)} [{', '.join(map(str, value.shape))}]"
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, (bool, int, float)):
        return _number(value)
    if isinstance(value, Mapping):
        held = {name: one for name, one in cast("Mapping[Any, Any]", value).items() if name != OPTION}
        shown = [f"{_cut(str(key), 40)}: {_inner(held[key], level)}" for key in list(held)[:MOST_ITEMS]]
        return f"{{{_several(shown, len(held))}}}"
    if isinstance(value, (list, tuple)):
        items = cast("list[Any]", value)
        return f"[{_several([_inner(item, level) for item in items[:MOST_ITEMS]], len(items))}]"
    return sentence_of(value)


def _inner(value: Any, level: int) -> str:
    return "..." if level >= DEEPEST else short(value, level + 1)


def _several(shown: list[str], total: int) -> str:
    return ", ".join([*shown, *([f"{total - len(shown)} more"] if total > len(shown) else [])])


def _number(value: float | None) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 4_096:
        return f"a whole number of {value.bit_length()} bits"
    return str(value)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}..."
