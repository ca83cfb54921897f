"""Constants of a graph as text: equal text if and only if equal values, on every machine and in every process."""

from __future__ import annotations

from typing import Any, cast

SCALARS = frozenset({str, int, float, bool, type(None), bytes})


def constant_text(value: Any) -> str | None:
    """A text that stands for a JSON-like value (scalars, bytes, lists, tuples, dicts); None for anything else.

    1, 1.0, True and "1" differ; the order of a dict's items does not matter. Not recursive, so depth is no limit.
    """
    if type(value) in SCALARS:
        return repr(value)
    written: list[str] = []
    pending: list[Any] = [value]
    while pending:
        item = pending.pop()
        kind = item.__class__
        if kind in SCALARS:
            written.append(repr(item))
        elif kind is list or kind is tuple:
            items = cast("list[Any]", item)
            written.append(f"{'[' if kind is list else '('}{len(items)}")
            pending.extend(reversed(items))
        elif kind is dict:
            mapping = cast("dict[Any, Any]", item)
            if any(type(key) not in SCALARS for key in mapping):
                return None
            keys = sorted(mapping, key=repr, reverse=True)
            written.append(f"{{{len(keys)}")
            for key in keys:
                pending += (mapping[key], key)
        else:
            return None
    return ",".join(written)
