"""Switches: one of several values, of which only the one that is taken is computed."""

from typing import Annotated, Any

from execution.async_calls import BlockedInputError
from execution.fields import Help, Range
from execution.node import Blocked, Context, Lazy, NodeInputError, node

Anything = Annotated[Lazy[Any] | None, Help("Anything. It is computed only if it is taken.")]

CHOICES = 8
"""How many values a switch by number chooses among."""


@node("WeftSwitch", category="logic", display_name="Switch")
async def switch(
    *,
    on: Annotated[bool, Help("Which of the two is taken.")] = True,
    if_true: Anything = None,
    if_false: Anything = None,
    ctx: Context,
) -> Any:
    """If so one value, else the other. What leads to the other is not computed.

    Where nothing is connected to the one that is taken, what follows from it is left out.
    """
    taken = if_true if on else if_false
    if taken is None:
        ctx.warn(f"Nothing is connected to {'if_true' if on else 'if_false'}, so what follows is left out.")
        return Blocked()
    return await taken


@node("WeftSwitchByNumber", category="logic", display_name="Switch by number")
async def switch_by_number(
    *,
    number: Annotated[int, Range(1, CHOICES), Help("Which of the values is taken, from 1.")] = 1,
    value_1: Anything = None,
    value_2: Anything = None,
    value_3: Anything = None,
    value_4: Anything = None,
    value_5: Anything = None,
    value_6: Anything = None,
    value_7: Anything = None,
    value_8: Anything = None,
) -> Any:
    """One of up to eight values, by its number. What leads to the others is not computed."""
    values = (value_1, value_2, value_3, value_4, value_5, value_6, value_7, value_8)
    if not 1 <= number <= CHOICES:
        raise NodeInputError("number", f"There is no value number {number}. Choose 1 to {CHOICES}.")
    taken = values[number - 1]
    if taken is None:
        raise NodeInputError("number", f"Nothing is connected to value_{number}. Connect it, or choose another number.")
    return await taken


@node("WeftFirstOf", category="logic", display_name="First that is there")
async def first_of(
    *, value_1: Anything = None, value_2: Anything = None, value_3: Anything = None, value_4: Anything = None
) -> Any:
    """The first value that is connected and that nothing has stopped; those after it are not computed.

    So a branch that a gate or a switch has left out falls back to another one.
    """
    for value in (value_1, value_2, value_3, value_4):
        if value is not None:
            try:
                return await value
            except BlockedInputError:
                continue
    return Blocked()


@node("WeftGate", category="logic", display_name="Gate")
async def gate(
    *,
    value: Annotated[Lazy[Any], Help("Anything. It is computed only if the gate is open.")],
    open: Annotated[bool, Help("Whether the value goes on.")] = True,
    message: Annotated[str, Help("What you are told when the gate is shut; empty: nothing.")] = "",
) -> Any:
    """Let a value through, or stop everything that follows from it."""
    return await value if open else Blocked(message or None)
