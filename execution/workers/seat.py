"""One worker's place: a process that is started, and started again whenever it dies."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from time import monotonic
from typing import Any

from execution.errors import NodeRef
from execution.workers.last_node import STARTING
from execution.workers.messages import FromWorker, Ready, Starting, ToWorker
from execution.workers.process import WorkerProcess
from execution.workers.states import Launch, WorkerState

FIRST_PAUSE = 0.5  # seconds before a worker that died at its start is started again; doubled each time
LONGEST_PAUSE = 30.0
SETTLED = 5.0  # seconds after which a worker that was ready counts as having started well

SET_ASIDE = "WEFT_SET_ASIDE"
"""Of the worker's environment: the node packs to leave out, and how each ended the process before it, as JSON."""

Take = Callable[["Seat", FromWorker], None]
Died = Callable[["Seat", str], Coroutine[Any, Any, None]]
Changed = Callable[["Seat"], None]
TakeLine = Callable[["Seat", str], None]


class Seat:
    """Keeps one worker running. Calls back on the event loop."""

    def __init__(self, launch: Launch, take: Take, died: Died, changed: Changed, take_line: TakeLine) -> None:
        self.launch = launch
        self.state = WorkerState(launch.name, "stopped")
        self._take = take
        self._died = died
        self._changed = changed
        self._take_line = take_line
        self._process: WorkerProcess | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._set_aside: dict[str, str] = {}  # node packs that ended the process while they were imported -> how
        self._killed_importing: set[str] = set()  # packs in whose import somebody else ended the process

    @property
    def name(self) -> str:
        return self.launch.name

    @property
    def up(self) -> bool:
        """Whether it can be spoken to."""
        return self.state.status in ("ready", "busy")

    @property
    def idle(self) -> bool:
        return self.state.status == "ready"

    @property
    def last_lines(self) -> Sequence[str]:
        """What the process wrote last on its standard error."""
        return tuple(self._process.last_lines) if self._process is not None else ()

    def last_node(self, job: str) -> NodeRef | None:
        """The node of a job that the process began last."""
        return self._process.last_node(job) if self._process is not None else None

    def start(self) -> None:
        """Begin; returns at once."""
        self.set(status="starting", step="starting Python")
        self._task = asyncio.get_running_loop().create_task(self._keep(), name=f"worker {self.name}")

    async def stop(self) -> None:
        """End the process for good."""
        self._stopping.set()
        if self._process is not None:
            await self._process.stop()
        if self._task is not None:
            await self._task
        self.set(status="stopped", job=None)

    def send(self, message: ToWorker) -> None:
        """Send a message, if there is a process.

        Raises:
            WireError: the message is too large.
        """
        if self._process is not None:
            self._process.send(message)

    def kill(self, reason: str) -> None:
        """End the process by force; another takes its place. `reason` is a clause that begins with "it"."""
        if self._process is not None:
            self._process.kill(reason)

    def set(self, *, tell: bool = True, **changes: Any) -> None:
        """Change what can be seen of the worker."""
        self.state = replace(self.state, **changes)
        if tell:
            self._changed(self)

    async def _keep(self) -> None:
        while not self._stopping.is_set():
            if self.state.status != "starting":
                self.set(status="starting", step="starting Python")
            death, lived = await self._live()
            if self._stopping.is_set():
                await self._died(self, death)
                self._forget()
                return
            failures = 0 if lived else self.state.failures + 1
            if self.state.status == "starting" and self._sets_pack_aside(death):
                failures = 0  # the next start is another one
            pause = min(FIRST_PAUSE * 2 ** (failures - 1), LONGEST_PAUSE) if failures else 0.0
            said = self._reason(death, lived, pause)
            restarts = self.state.restarts + 1
            self.set(status="dead", reason=said, failures=failures, restarts=restarts, pid=None, job=None, step="")
            await self._died(self, death)
            self._forget()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._stopping.wait()

    async def _live(self) -> tuple[str, bool]:
        """One process from its start to its end: how it died, and whether it had started well."""
        ready_at: list[float] = []

        def take(message: FromWorker) -> None:
            if isinstance(message, Starting):
                self.set(step=message.step)
                return
            if isinstance(message, Ready):
                ready_at.append(monotonic())
                self._become_ready(message)
            self._take(self, message)

        try:
            launch = replace(self.launch, env={**self.launch.env, SET_ASIDE: json.dumps(self._set_aside)})
            process = await WorkerProcess.start(launch, take, lambda line: self._take_line(self, line))
        except OSError as error:
            return f"it could not be started: {error.strerror or error} ({self.launch.command[0]})", False
        self._process = process
        self.set(pid=process.pid)
        if self._stopping.is_set():
            await process.stop()
        death = await process.wait()
        worked = bool(ready_at) and (self.state.status == "busy" or monotonic() - ready_at[0] > SETTLED)
        return death, worked

    def _sets_pack_aside(self, death: str) -> bool:
        """Whether the process died in the import of a node pack, which is then left out from now on.

        A process that was killed says nothing against the pack that it was importing, until it happens again there.
        """
        at = self.last_node(STARTING)
        if at is None or not at.id or at.id in self._set_aside:
            return False
        if self._process is not None and self._process.killed and at.id not in self._killed_importing:
            self._killed_importing.add(at.id)
            return False
        self._set_aside[at.id] = death
        return True

    def _forget(self) -> None:
        if self._process is not None:
            self._process.forget()
        self._process = None

    def _become_ready(self, ready: Ready) -> None:
        self.set(
            status=self.state.status if self.up else "ready",
            step="",
            reason=None,
            device=dict(ready.device),
            versions=dict(ready.versions),
            routes=tuple(ready.routes),
            address=ready.address,
            secret=ready.secret,
        )

    def _reason(self, death: str, lived: bool, pause: float) -> str:
        """A sentence for people: how the worker died, and what happens now."""
        when = "" if lived else " soon after its start" if self.state.status != "starting" else " while starting"
        last = next((line.strip() for line in reversed(self.last_lines) if line.strip()), "")
        wrote = f' It wrote last: "{last[:300]}".' if last and not lived else ""
        again = f" It is started again in {pause:g} s." if pause else " It is started again."
        return f"The worker {self.name} died{when}: {death}.{wrote}{again}"
