"""A worker's ends of the pipes: messages on private descriptors, so that nothing that a node prints gets among them."""

from __future__ import annotations

import io
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO

from execution.jobs.records import JobError, Outcome
from execution.workers.messages import Ended, FromWorker
from execution.workers.wire import Message, WireError, encode, read_message

PR_SET_PDEATHSIG = 1  # of Linux's prctl

Late = Callable[[], FromWorker | None]
"""Makes a message when its turn has come; None: there is none after all."""


def claim_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Take standard input and output for messages; what is printed from now on goes to standard error.

    The duplicates are not inherited by processes that nodes start.
    """
    reading, writing = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    printed = sys.stdout
    if isinstance(printed, io.TextIOWrapper):
        printed.reconfigure(line_buffering=True)  # the log has each line when it is printed
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (reading, writing):
            msvcrt.setmode(descriptor, os.O_BINARY)
    return os.fdopen(reading, "rb"), os.fdopen(writing, "wb", buffering=0)


def end_at_once(code: int = 0) -> None:
    """End this process and, where it leads a group of its own, those that its nodes started."""
    if sys.platform != "win32" and os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(code)


def end_with_parent() -> None:
    """On Linux, have the kernel end this process with the one that started it: also while native code runs that lets
    no other thread of Python's run. Elsewhere the end of standard input must do."""
    if sys.platform != "linux":
        return
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Pipe:
    """Both directions, each on a thread of its own. `send` may be called from any thread and never waits."""

    def __init__(self, reading: BinaryIO, writing: BinaryIO) -> None:
        self._reading = reading
        self._writing = writing
        self._waiting: queue.SimpleQueue[FromWorker | Late | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write, name="messages out", daemon=True)
        self._writer.start()

    def send(self, message: FromWorker | Late) -> None:
        """Send a message after those given before; one that is yet to be made holds up those behind it."""
        self._waiting.put(message)

    def listen(self, take: Callable[[Message], None]) -> None:
        """Give every message that comes to `take`, on a thread. When the server is gone this process ends."""
        threading.Thread(target=self._read, args=(take,), name="messages in", daemon=True).start()

    def close(self) -> None:
        """Send what waits, then no more."""
        self._waiting.put(None)
        self._writer.join()
        self._writing.close()

    def _read(self, take: Callable[[Message], None]) -> None:
        try:
            while (message := read_message(self._reading.read)) is not None:
                take(message)
        except (OSError, WireError) as error:
            print(f"The server cannot be heard any more ({error}).", file=sys.stderr, flush=True)
        end_at_once()

    def _write(self) -> None:
        while (waiting := self._waiting.get()) is not None:
            message = waiting() if callable(waiting) else waiting
            if message is None:
                continue
            try:
                frame = memoryview(_frame(message))
                while frame:
                    frame = frame[self._writing.write(frame) or 0 :]
            except OSError:  # the server is gone: nobody is left to work for
                end_at_once()


def _frame(message: FromWorker) -> bytes:
    """A message's bytes; nothing of one that cannot be written, and of a job's end a failure that says why."""
    try:
        return encode(message)
    except Exception as error:  # noqa: BLE001 - values are the nodes' own; without this thread the worker is mute
        print(f"A {type(message).__name__} could not be sent ({error}).", file=sys.stderr, flush=True)
        if not isinstance(message, Ended):
            return b""
        failure = JobError("server", f"The result cannot be kept. {error}", type(error).__name__)
        return encode(Ended(message.job, Outcome("error", error=failure, seconds=message.outcome.seconds)))
