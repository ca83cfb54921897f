"""The call of a node that is going on in this thread or task, for code that cannot be handed a `Context`."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

from execution.context import Context


@dataclass(slots=True)
class CurrentCall:
    """One call of a class-style node."""

    context: Context
    row: int  # which item of a mapped list
    graphs: int = 0  # GraphBuilders made so far


_current: ContextVar[CurrentCall | None] = ContextVar("current_call", default=None)


def current_call() -> CurrentCall | None:
    """The call that goes on, if any."""
    return _current.get()


def enter_call(context: Context, row: int) -> None:
    """Say that a call begins."""
    _current.set(CurrentCall(context, row))


def leave_call() -> None:
    """Say that no call goes on any more."""
    _current.set(None)
