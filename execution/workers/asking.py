"""What the dispatcher asks of workers, and what it answers by itself when none can."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from execution.graph import Graph
from execution.logbook import Logbook
from execution.schema import ListFiles
from execution.validate import Validation
from execution.validate_values import HasFile, PathOf
from execution.workers.known import Known
from execution.workers.messages import Answer
from execution.workers.questions import NoAnswerError, Questions
from execution.workers.seat import Seat
from execution.workers.validation import Question, judge

VALIDATION_WAIT = 10.0  # seconds that a worker gets to judge inputs; a prompt that nobody judges is accepted
STATS_WAIT = 0.5  # seconds
LOOK_WAIT = 60.0  # seconds that a worker gets to look at a value, which may be large
MOST_LOOKS = 32  # that wait for an answer at a time


@dataclass(frozen=True, slots=True)
class Folders:
    """The user's folders, as far as validation looks at them."""

    list_files: ListFiles
    has_file: HasFile | None
    path_of: PathOf | None


class Asking:
    """Asks the workers of a dispatcher."""

    def __init__(self, seats: Sequence[Seat], known: Known, folders: Folders, logs: Logbook) -> None:
        self.questions = Questions()
        self._seats = seats
        self._known = known
        self._folders = folders
        self._logs = logs
        self._looks = 0

    async def validate(self, graph: Graph, targets: Collection[str] | None) -> Validation:
        """Judge a prompt.

        Raises:
            LookupError: there is no catalogue yet.
        """
        if self._known.catalogue is None:
            raise LookupError("The node types are not known yet: no worker has become ready.")
        return await judge(
            graph,
            self._known.catalogue,
            self._folders.list_files,
            targets,
            has_file=self._folders.has_file,
            path_of=self._folders.path_of,
            ask=self._ask_validators,
        )

    async def refresh_catalogue(self, timeout: float) -> bool:
        """Have a worker ask its node packs anew what inputs they have; whether anything changed."""
        seat = self._someone() if self._known.packs else None
        if seat is None:
            return False
        try:
            data = await self.questions.ask(seat, "catalogue", None, timeout)
        except NoAnswerError as error:
            self._logs.write("server", f"The node types could not be asked anew. {error}")
            return False
        return self._known.replace(data)

    async def stats(self) -> list[Mapping[str, Any]]:
        """The workers' devices; of a worker that cannot answer now, as last known."""
        return [device for device in await asyncio.gather(*map(self._stats_of, self._seats)) if device]

    async def look(self, worker: str | None, kind: Literal["value", "picture"], question: Any) -> Answer:
        """Have the worker that ran a job look at what flowed in it.

        Raises:
            NoAnswerError: it cannot now.
            LookupError: there is no such worker any more.
        """
        seat = next((seat for seat in self._seats if seat.name == worker), None)
        if seat is None:
            raise LookupError("The worker that ran this job is not there any more: run it again to look at it.")
        if not seat.up:
            raise NoAnswerError(f"The worker {seat.name} is not ready.")
        if self._looks >= MOST_LOOKS:
            raise NoAnswerError("Too many values are being looked at.")
        self._looks += 1
        try:
            return await self.questions.answer(seat, kind, question, LOOK_WAIT)
        finally:
            self._looks -= 1

    async def _stats_of(self, seat: Seat) -> Mapping[str, Any]:
        if seat.up:
            with contextlib.suppress(NoAnswerError):
                device = await self.questions.ask(seat, "stats", None, STATS_WAIT)
                if device:
                    self._known.devices[seat.name] = device
                    seat.set(tell=False, device=device)
        return self._known.devices.get(seat.name, {})

    async def _ask_validators(self, questions: list[Question]) -> list[Any] | None:
        seat = self._someone()
        if seat is None:
            return None
        try:
            answers = await self.questions.ask(seat, "validate", questions, VALIDATION_WAIT)
        except NoAnswerError as error:
            self._logs.write("server", f"A prompt was accepted without its nodes' own validation. {error}")
            return None
        return cast("list[Any]", answers)

    def _someone(self) -> Seat | None:
        """A worker that can be asked, rather one that is idle."""
        return min((seat for seat in self._seats if seat.up), key=lambda seat: not seat.idle, default=None)
