"""Questions to workers, and their answers."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

from execution.workers.messages import Answer, Ask, Question
from execution.workers.seat import Seat


class NoAnswerError(Exception):
    """The worker did not answer: it died, is too busy, or could not; the text says which."""


class Questions:
    """Those that wait for an answer."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._open: dict[int, tuple[Seat, asyncio.Future[Answer]]] = {}

    async def ask(self, seat: Seat, kind: Question, question: Any, wait: float) -> Any:
        """The value of a worker's answer.

        Raises:
            NoAnswerError: there was none within `wait` seconds.
        """
        return (await self.answer(seat, kind, question, wait)).value

    async def answer(self, seat: Seat, kind: Question, question: Any, wait: float) -> Answer:
        """A worker's answer, with its payload.

        Raises:
            NoAnswerError: there was none within `wait` seconds.
        """
        number = next(self._numbers)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._open[number] = (seat, future)
        try:
            seat.send(Ask(number, kind, question))
            async with asyncio.timeout(wait):
                return await future
        except TimeoutError:
            raise NoAnswerError(f"The worker {seat.name} did not answer within {wait:g} s.") from None
        finally:
            del self._open[number]

    def take(self, answer: Answer) -> None:
        """An answer has come."""
        _, future = self._open.get(answer.number, (None, None))
        if future is None or future.done():
            return
        if answer.error is None:
            future.set_result(answer)
        else:
            future.set_exception(NoAnswerError(answer.error))

    def give_up(self, seat: Seat) -> None:
        """A worker is gone, and with it its answers."""
        for asked, future in self._open.values():
            if asked is seat and not future.done():
                future.set_exception(NoAnswerError(f"The worker {seat.name} is gone."))
