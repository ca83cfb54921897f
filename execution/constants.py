"""Constants of a graph as text: equal text if and only if equal values, on every machine and in every process."""

from __future__ import annotations

from typing import Any, cast

_SCALARS = frozenset({str, int, float, bool, type(None), bytes})


def constant_text(value: Any) -> str | None:
    """A text that stands for a JSON-like value (scalars, bytes, lists, tuples, dicts); None for anything else.

    1, 1.0, True and "1" differ; the order of a dict's items does not matter. Not recursive, so depth is no limit.
    """
    if type(value) in _SCALARS:
        return repr(value)
    done: list[str] = []  # texts of finished values, as in a postfix calculator
    pending: list[Any] = [value]
    while pending:
        item = pending.pop()
        kind = item.__class__
        if kind is _Close:
            _close(done, item)
        elif kind in _SCALARS:
            done.append(repr(item))
        elif kind is list or kind is tuple:
            items = cast("list[Any]", item)
            pending.append(_Close("[" if kind is list else "(", len(items)))
            pending.extend(reversed(items))
        elif kind is dict:
            mapping = cast("dict[Any, Any]", item)
            pending.append(_Close("{", len(mapping)))
            for key, inner in mapping.items():
                pending.append(inner)
                pending.append(key)
        else:
            return None
    return done[0]


class _Close:
    """Stands in the queue behind a container's items."""

    __slots__ = ("count", "opening")

    def __init__(self, opening: str, count: int) -> None:
        self.opening = opening
        self.count = count


def _close(done: list[str], container: _Close) -> None:
    taken = container.count * (2 if container.opening == "{" else 1)
    items = done[len(done) - taken :]
    del done[len(done) - taken :]
    if container.opening == "{":
        items = sorted(f"{key}:{value}" for key, value in zip(items[::2], items[1::2], strict=True))
    done.append(f"{container.opening}{','.join(items)};")
