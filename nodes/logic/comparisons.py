"""Yes or no: comparisons, and what follows from several."""

import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from execution.fields import Help, Optional
from execution.node import NodeInputError, node

ORDER: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        "==": operator.eq,
        "!=": operator.ne,
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
    }
)
COMBINED: Mapping[str, Callable[[bool, bool], bool]] = MappingProxyType(
    {
        "a and b": lambda a, b: a and b,
        "a or b": lambda a, b: a or b,
        "either a or b": lambda a, b: a != b,
        "not a": lambda a, _b: not a,
        "neither a nor b": lambda a, b: not (a or b),
    }
)


@node("WeftCompare", category="logic", display_name="Compare values")
def compare(
    *,
    a: Annotated[Any, Help("A number or a text.")],
    b: Annotated[Any, Help("What it is compared with.")],
    comparison: Annotated[Literal["==", "!=", "<", "<=", ">", ">="], Help("What is asked of the first value.")],
) -> bool:
    """Whether two numbers or texts are equal, or which comes first. A text that is a number counts as one."""
    left, right = _comparable(a), _comparable(b)
    if isinstance(left, str) != isinstance(right, str):
        left, right = str(a), str(b)
    try:
        return bool(ORDER[comparison](left, right))
    except (TypeError, ValueError, RuntimeError) as error:
        kinds = f"{type(a).__name__} and {type(b).__name__}"
        raise NodeInputError("a", f"{kinds} have no order. Compare numbers or texts.") from error


@node("WeftLogic", category="logic", display_name="And, or, not")
def logic(
    *,
    a: Annotated[bool, Help("Yes or no.")] = False,
    b: Annotated[bool, Optional(), Help("Yes or no.")] = False,
    operation: Annotated[
        Literal["a and b", "a or b", "either a or b", "not a", "neither a nor b"], Help("When the answer is yes.")
    ] = "a and b",
) -> bool:
    """One yes or no of two."""
    return COMBINED[operation](a, b)


def _comparable(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return float(value)
    except ValueError:
        return value
