"""Plain values as nodes, so that one value can feed several inputs."""

from typing import Annotated

from execution.fields import Help, Multiline, Range, Seed
from execution.node import node

LARGEST = 2**63 - 1

Given = Help("The value.")


@node("PrimitiveString", category="utils/primitive", display_name="String")
def primitive_string(*, value: Annotated[str, Given]) -> str:
    """A text."""
    return value


@node("PrimitiveStringMultiline", category="utils/primitive", display_name="String (Multiline)")
def primitive_string_multiline(*, value: Annotated[str, Multiline(), Given]) -> str:
    """A text of several lines."""
    return value


@node("PrimitiveInt", category="utils/primitive", display_name="Int")
def primitive_int(*, value: Annotated[int, Seed(), Range(-LARGEST, LARGEST), Given]) -> int:
    """A whole number, which the editor may change after each run."""
    return value


@node("PrimitiveFloat", category="utils/primitive", display_name="Float")
def primitive_float(*, value: Annotated[float, Range(-LARGEST, LARGEST), Given]) -> float:
    """A number."""
    return value


@node("PrimitiveBoolean", category="utils/primitive", display_name="Boolean")
def primitive_boolean(*, value: Annotated[bool, Given]) -> bool:
    """Yes or no."""
    return value
