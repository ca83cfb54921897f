"""Numbers computed from numbers."""

import random
from typing import Annotated, Any, NamedTuple

from execution.fields import ForceInput, Help, Name, Optional, Range, Seed
from execution.node import NodeInputError, node
from nodes.logic.expressions import FormulaError, compute

Variable = Annotated[Any, Help("A number, or yes or no, that the formula calls by this name.")]
Bound = Annotated[float, Range(-1e12, 1e12), Help("A bound of the number.")]


class Number(NamedTuple):
    """One number in three forms."""

    INT: int  # rounded to the nearest
    FLOAT: float
    BOOLEAN: Annotated[bool, Name("BOOLEAN")]  # whether it is not 0


@node("WeftMath", category="logic/math", display_name="Math")
def mathematics(
    *,
    formula: Annotated[
        str,
        Help("Such as max(a, b) // 8 * 8, round(a * 1.5), a if a > b else b. + - * / // % ** sqrt sin floor min ..."),
    ] = "a + b",
    a: Variable = 0,
    b: Variable = 0,
    c: Variable = 0,
    d: Variable = 0,
    e: Variable = 0,
    f: Variable = 0,
    g: Variable = 0,
    h: Variable = 0,
) -> Number:
    """A formula of up to eight values. `e` is the value of that name; Euler's number is `exp(1)`."""
    given = {"a": a, "b": b, "c": c, "d": d, "e": e, "f": f, "g": g, "h": h}
    names = {name: _number(name, value) for name, value in given.items()}
    try:
        value = compute(formula, names)
        return Number(_rounded(value), float(value), bool(value))
    except (FormulaError, OverflowError) as error:
        raise NodeInputError("formula", str(error)) from error


@node("WeftRandom", category="logic/math", display_name="Random number")
def random_number(
    *,
    seed: Annotated[int, Seed(), Help("The same number gives the same result.")] = 0,
    low: Bound = 0.0,
    high: Bound = 1.0,
) -> Number:
    """A number between two bounds, drawn by a seed: whole numbers from the lower to the upper bound, both included."""
    if low > high:
        raise NodeInputError("low", f"The lower bound, {low}, is above the upper one, {high}. Exchange them.")
    draw = random.Random(seed)
    value = draw.uniform(low, high)
    whole = min(_rounded(high), _rounded(low) + int(draw.random() * (_rounded(high) - _rounded(low) + 1)))
    return Number(whole, value, draw.random() < 0.5)


@node("WeftMapRange", category="logic/math", display_name="Map range")
def map_range(
    *,
    value: Annotated[float, ForceInput(), Help("The number.")],
    from_low: Bound = 0.0,
    from_high: Bound = 1.0,
    to_low: Bound = 0.0,
    to_high: Bound = 1.0,
    clamp: Annotated[bool, Optional(), Help("Whether the result stays between its bounds.")] = True,
) -> Number:
    """A number of one range as it lies in another."""
    if from_low == from_high:
        raise NodeInputError("from_high", "The first range has no width. Give it two different bounds.")
    share = (value - from_low) / (from_high - from_low)
    if clamp:
        share = max(0.0, min(1.0, share))
    result = to_low + (to_high - to_low) * share
    return Number(_rounded(result), result, bool(result))


def _number(name: str, value: Any) -> float | bool:
    if isinstance(value, (bool, int, float)):
        return value
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise NodeInputError(name, f"{value!r:.60} is no number. Connect one.") from error


def _rounded(value: float) -> int:
    return round(value)
