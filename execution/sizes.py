"""How much memory values take, without importing what they are made of."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from typing import Any, cast

Part = tuple[Hashable, int]
"""A piece of memory: what tells it from others while it lives, and its bytes."""

Measure = Callable[[Any], list[Part]]

SMALL = 64  # bytes charged for a value that holds no memory worth naming
_PLAIN = frozenset({int, float, bool, str, bytes, type(None), complex})


def measure(value: Any) -> list[Part]:
    """The pieces of memory that a value holds: arrays, tensors, byte strings, however deep in containers.

    Views of one storage name the same piece, so a cache that adds up pieces counts it once. An object that has
    `memory_parts()` (an iterable of `Part`) is believed: so a model handle says what its weights take.
    """
    parts: dict[Hashable, int] = {}
    seen: set[int] = set()
    pending: list[Any] = [value]
    while pending:
        item = pending.pop()
        kind = item.__class__
        if kind in _PLAIN:
            if (kind is str or kind is bytes) and len(item) > SMALL:
                parts[id(item)] = len(item)
            continue
        if id(item) in seen:
            continue
        seen.add(id(item))
        inner = _inside(item)
        if inner is not None:
            pending.extend(inner)
        else:
            parts.update(_own(item))
    return list(parts.items())


def _inside(item: Any) -> Iterable[Any] | None:
    if isinstance(item, (list, tuple, set, frozenset)):
        return cast("Iterable[Any]", item)
    if isinstance(item, Mapping):
        return cast("Mapping[Any, Any]", item).values()
    if is_dataclass(item) and not isinstance(item, type) and not hasattr(item, "memory_parts"):
        return [getattr(item, one.name) for one in fields(item)]
    return None


def _own(item: Any) -> Iterable[Part]:
    tell = getattr(item, "memory_parts", None)
    if tell is not None:
        return cast("Iterable[Part]", tell())
    storage = getattr(item, "untyped_storage", None)
    if storage is not None:  # a torch tensor: the storage is what memory holds, however small the view
        with suppress(NotImplementedError):  # a sparse one has none
            held = storage()
            return [((str(getattr(item, "device", "")), held.data_ptr()), held.nbytes())]
    base = item
    while getattr(base, "base", None) is not None and hasattr(base.base, "nbytes"):  # a numpy view
        base = base.base
    size = getattr(base, "nbytes", None)
    if isinstance(size, int):
        return [(id(base), size)]
    element_size, count = getattr(item, "element_size", None), getattr(item, "nelement", None)
    if element_size is not None and count is not None:
        return [(id(item), element_size() * count())]
    return []
