"""Inputs that are computed only when the node asks for them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Lazy(ABC, Generic[T]):
    """A parameter `Lazy[T]` of an async node: `await` it and what feeds it runs; leave it and it does not.

    Awaiting twice gives the same value. A blocked value ends the node as blocked.
    """

    @abstractmethod
    def __await__(self) -> Generator[Any, Any, T]: ...


class Given(Lazy[T]):
    """A lazy value that is there already: a literal, or an argument in a test."""

    def __init__(self, value: T) -> None:
        self._value = value

    def __await__(self) -> Generator[Any, Any, T]:
        return self._value
        yield  # makes this a generator function
