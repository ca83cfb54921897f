"""Awaiting a coroutine with something set up for its own code alone, though others run on the thread in between."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from contextlib import AbstractContextManager
from typing import Any, TypeVar

T = TypeVar("T")


class Stepped:
    """An awaitable that enters a context for each stretch of a coroutine between two waits.

    What holds for a thread (torch's inference mode) would otherwise leak into whatever the event loop does next.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, T], around: Callable[[], AbstractContextManager[Any]]) -> None:
        self._coroutine = coroutine
        self._around = around

    def __await__(self) -> Generator[Any, Any, Any]:
        coroutine, around = self._coroutine, self._around
        answer: Any = None
        failure: BaseException | None = None
        while True:
            with around():
                try:
                    waited = coroutine.send(answer) if failure is None else coroutine.throw(failure)
                except StopIteration as done:
                    return done.value
            try:
                answer, failure = (yield waited), None
            except GeneratorExit:
                coroutine.close()
                raise
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is the coroutine's to handle
                failure = error
