"""Any value as data that JSON can hold, in every program that reads JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from numbers import Integral, Real
from typing import Any, cast

DEEPEST = 60  # levels; what lies deeper is written out as text
LONGEST_TEXT = 20_000  # characters of the text that stands for an object
LONGEST_INT = 4_096  # bits; Python neither writes nor reads whole numbers of more than 4,300 digits


def plain(value: Any, level: int = 0) -> Any:
    """A value as JSON data. Objects, NaN and infinities become their texts; keys become texts too.

    Texts stay what they are, however long; a lone surrogate is left to JSON's own escapes.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if value.bit_length() <= LONGEST_INT else hex(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(value)
    if level < DEEPEST:
        if isinstance(value, Mapping):
            items = cast("Mapping[Any, Any]", value).items()
            return {_key(key): plain(item, level + 1) for key, item in items}
        if isinstance(value, (list, tuple, AbstractSet)):
            return [plain(item, level + 1) for item in cast("list[Any]", value)]
    if isinstance(value, Integral):
        return plain(int(value))
    if isinstance(value, Real):
        return plain(float(value))
    return text_of(value)


def _key(key: Any) -> str:
    return str.__str__(key) if isinstance(key, str) else text_of(key)


def text_of(value: object, longest: int = LONGEST_TEXT) -> str:
    """`str(value)`, cut; of an object that cannot even be written, its class."""
    try:
        text = str(value)
    except Exception:  # noqa: BLE001 - somebody else's __str__: whatever it raises, the class is all that can be said
        text = f"<{type(value).__qualname__}>"
    return text if len(text) <= longest else f"{text[:longest]}..."
