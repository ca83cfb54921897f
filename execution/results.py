"""What a node may return besides plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")

UiData = Mapping[str, Sequence[Any]]
"""What the editor shows under a node: a name ("images", "text") -> list of JSON values."""


@dataclass(frozen=True, slots=True)
class Ui:
    """The result of an output node without outputs: what the editor shows."""

    data: UiData = field(default_factory=dict[str, Sequence[Any]])


@dataclass(frozen=True, slots=True)
class WithUi(Generic[T]):
    """A node's value together with what the editor shows."""

    value: T
    ui: UiData


@dataclass(frozen=True, slots=True)
class Blocked:
    """Given as an output, it stops whatever would consume it: the consumer is not called and is blocked itself.

    With a message, the first node that receives it tells the message to the user; without, it stops silently.
    """

    message: str | None = None
