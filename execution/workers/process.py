"""One worker process, seen from the server."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections import deque
from collections.abc import Callable
from typing import Any, cast

from execution.errors import NodeRef
from execution.workers.deaths import how_it_died, memory_kills
from execution.workers.last_node import VARIABLE, SharedNode
from execution.workers.messages import Ending, FromWorker, ToWorker
from execution.workers.states import Launch
from execution.workers.wire import Frames, Message, WireError, encode

LAST_LINES = 80  # of what a worker wrote last, kept for the report of its death
LONGEST_LINE = 100_000  # bytes; a longer one is cut into several
NEW_PROCESS_GROUP = 0x200  # a flag of Windows
PATIENCE = 2.0  # seconds for a process whose pipes are closed
LAST_WAIT = 5.0  # seconds for one that was killed

Take = Callable[[FromWorker], None]
TakeLine = Callable[[str], None]


class WorkerProcess(asyncio.SubprocessProtocol):
    """Started by `start`; its messages and lines come to callbacks on the event loop."""

    def __init__(self, take: Take, take_line: TakeLine) -> None:
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self.death: str | None = None  # why it is gone, a clause
        self.killed = False  # it was ended by somebody else, or by the system for want of memory
        self.pid: int | None = None
        self._take = take
        self._take_line = take_line
        self._frames = Frames(self._message)
        self._line = bytearray()
        self._said: str | None = None  # what the process gave as the reason of its end
        self._ours: str | None = None  # why we killed it
        self._kills = memory_kills()
        self._last_node = SharedNode()
        self._transport: asyncio.SubprocessTransport | None = None
        self._messages_end = asyncio.Event()
        self._exited = asyncio.Event()

    @classmethod
    async def start(cls, launch: Launch, take: Take, take_line: TakeLine) -> WorkerProcess:
        """Start a process.

        Raises:
            OSError: it cannot be started.
        """
        options: dict[str, Any] = (
            {"creationflags": NEW_PROCESS_GROUP}
            if sys.platform == "win32"
            else {"start_new_session": True}  # Ctrl+C is for the server alone, which then ends its workers
        )
        loop = asyncio.get_running_loop()
        process = cls(take, take_line)
        environment = {**os.environ, **launch.env, VARIABLE: process._last_node.path}
        try:
            transport, _ = await loop.subprocess_exec(lambda: process, *launch.command, env=environment, **options)
        except OSError:
            process.forget()
            raise
        process.pid = transport.get_pid()
        return process

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 2:
            self._lines(data)
            return
        try:
            self._frames.feed(data)
        except WireError as error:
            self.kill(f"it was ended because its messages cannot be understood: {error}")

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == 1:
            self._messages_end.set()
        elif fd == 2 and self._line:
            self._lines(b"\n")

    def process_exited(self) -> None:
        self._exited.set()

    def send(self, message: ToWorker) -> None:
        """Send a message; to a process that is gone, nothing.

        Raises:
            WireError: the message is too large.
        """
        pipe = self._transport.get_pipe_transport(0) if self._transport is not None else None
        if pipe is not None and not pipe.is_closing():
            cast("asyncio.WriteTransport", pipe).write(encode(message))

    def hang_up(self) -> None:
        """Close its standard input, whereupon it ends at once."""
        pipe = self._transport.get_pipe_transport(0) if self._transport is not None else None
        if pipe is not None:
            pipe.close()

    def kill(self, reason: str) -> None:
        """End the process and those that it started; `reason` is a clause that begins with "it"."""
        if self._ours is None and not self._exited.is_set():
            self._ours = reason
        self._kill_group()

    async def wait(self) -> str:
        """Wait until the process is gone and all that it sent is taken; how it died, a clause."""
        await self._exited.wait()
        self._kill_group()  # what the worker started and left behind, which may hold its pipes open too
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._messages_end.wait()
        assert self._transport is not None
        code = self._transport.get_returncode()
        self._transport.close()
        self.killed = self._ours is None and code == -9
        self.death = self._ours or how_it_died(0 if code is None else code, self._kills, self._said)
        return self.death

    async def stop(self) -> None:
        """End the process, by closing its pipe and then by force. `wait` returns soon afterwards."""
        self._ours = self._ours or "it was stopped with the server"
        self.hang_up()
        if not await self._exits_within(PATIENCE):
            self._kill_group()
            if not await self._exits_within(LAST_WAIT):  # a driver that hangs: no reason for the server to hang too
                self._take_line(f"The process {self.pid} could not be ended.")
                self._exited.set()

    async def _exits_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._exited.wait()
        return self._exited.is_set()

    def last_node(self, job: str) -> NodeRef | None:
        """The node of a job that began last, also when no message could tell."""
        return self._last_node.read(job)

    def forget(self) -> None:
        """Remove what was kept of the process; to be called when it is gone."""
        self._last_node.close()

    def _message(self, message: Message) -> None:
        if isinstance(message, Ending):
            self._said = message.reason
        else:
            self._take(cast("FromWorker", message))

    def _kill_group(self) -> None:
        if self.pid is None:
            return
        if sys.platform == "win32":
            if self._transport is not None and not self._exited.is_set():
                self._transport.kill()
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def _lines(self, data: bytes) -> None:
        line = self._line
        line += data
        while True:
            end = line.find(b"\n", 0, LONGEST_LINE)
            if end < 0 and len(line) < LONGEST_LINE:
                return
            cut = LONGEST_LINE if end < 0 else end
            text = line[:cut].decode("utf-8", "replace").rstrip("\r").rpartition("\r")[2]  # a bar's last state
            del line[: cut + (end >= 0)]
            self.last_lines.append(text)
            self._take_line(text)
