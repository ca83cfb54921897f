"""The disk tier: results of nodes by key, bounded in bytes, whole or not there at all.

An entry is a file named by its key. It begins with a digest over the rest of it, so that a file that is torn or
damaged is no result; whatever the matter with it is, it is taken away and the node runs again.
"""

from __future__ import annotations

import os
import queue
import re
import secrets
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol

DEFAULT_BYTES = 20 * 2**30
BACKLOG = 512 * 2**20  # bytes that may wait to be written; what comes on top is not kept
LARGEST_SHARE = 4  # no entry may take more than a quarter of the whole
WORTH_SECONDS = 0.05  # what took less to make is made again ...
READ_RATE = 200 * 2**20  # ... and so is what a slow disk, at these bytes a second, would give later than it is made

MAGIC = b"weftres1"
DIGEST = 32
HEAD = struct.Struct(">d")  # what the result took to make, in seconds
SUFFIX = ".result"
KEY = re.compile(r"[0-9a-f]{32}")


class Codec(Protocol):
    """Turns outputs into bytes and back; given by whoever knows what values are made of."""

    def size(self, outputs: list[list[Any]]) -> int | None:
        """About how many bytes the outputs take; None when they hold something that cannot be kept. Quick."""
        ...

    def encode(self, outputs: list[list[Any]]) -> bytes:
        """The outputs as bytes; called on another thread than the one that made them.

        Raises:
            ValueError: they cannot be kept after all.
        """
        ...

    def decode(self, data: bytes) -> list[list[Any]]:
        """The outputs again.

        Raises:
            ValueError: these are no outputs that this codec wrote.
        """
        ...


@dataclass(frozen=True, slots=True)
class Stored:
    """A result as the disk gives it."""

    outputs: list[list[Any]]
    seconds: float


@dataclass(frozen=True, slots=True)
class _Write:
    key: str
    outputs: list[list[Any]]
    seconds: float
    size: int


class DiskStore:
    """Results in a folder of their own, which several processes may share.

    Reading happens where it is asked for, writing on a thread of the store's own, which `close` ends. What was used
    longest ago goes first when the bytes run out; the time of a file's last change says when it was used.
    """

    def __init__(
        self, folder: Path, codec: Codec, max_bytes: int = DEFAULT_BYTES, tell: Callable[[str], None] | None = None
    ) -> None:
        self._folder = folder
        self._codec = codec
        self._max_bytes = max_bytes
        self._tell = tell or _silent
        self._lock = threading.Lock()
        self._pending: dict[str, _Write] = {}
        self._pending_bytes = 0
        self._queue: queue.SimpleQueue[_Write | Callable[[], None] | None] = queue.SimpleQueue()
        self._bytes: int | None = None  # in the folder when we looked last; None: not looked yet
        self._unmeasured = 0  # bytes that we have written since; other processes write as well
        self._broken = False  # the disk refused the last write, and the user knows
        self._thread: threading.Thread | None = None

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and (key in self._pending or (_is_key(key) and self._path(key).exists()))

    def read(self, key: str, *, looking: bool = False) -> Stored | None:
        """The result under a key; None if there is none, or none that is whole. `looking` does not count as use."""
        waiting = self._pending.get(key)
        if waiting is not None:
            return Stored(waiting.outputs, waiting.seconds)
        if not _is_key(key):
            return None
        path = self._path(key)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        found = self._unpacked(data)
        with suppress(OSError):  # another process was quicker
            if found is None:
                path.unlink()
            elif not looking:
                os.utime(path)
        return found

    def write_later(self, key: str, outputs: list[list[Any]], seconds: float) -> bool:
        """Keep a result, if it can and is worth it and not too much waits already; whether it will be kept."""
        if seconds < WORTH_SECONDS or not _is_key(key) or key in self:
            return False
        size = self._codec.size(outputs)
        if size is None or size > self._max_bytes // LARGEST_SHARE or seconds < WORTH_SECONDS + size / READ_RATE:
            return False
        write = _Write(key, outputs, seconds, size)
        with self._lock:
            if self._pending_bytes + size > BACKLOG and self._pending:
                return False
            self._pending[key] = write
            self._pending_bytes += size
            self._start()
        self._queue.put(write)
        return True

    def flush(self) -> None:
        """Return once everything asked for so far is on the disk."""
        done = threading.Event()
        with self._lock:
            if self._thread is None:
                return
            self._queue.put(done.set)
        done.wait()

    def clear(self) -> None:
        """Forget all results, also those of other processes that share the folder."""
        self.flush()
        for path in self._files():
            with suppress(OSError):
                path.unlink()
        self._bytes = None

    def close(self) -> None:
        """Finish writing and end the thread."""
        with self._lock:
            thread, self._thread = self._thread, None
            if thread is not None:
                self._queue.put(None)
        if thread is not None:
            thread.join()

    # What follows runs on the store's thread.

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="results", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            task = self._queue.get()
            if task is None:
                return
            if isinstance(task, _Write):
                self._write(task)
            else:
                task()

    def _write(self, write: _Write) -> None:
        try:
            self._save(write)
            self._broken = False
        except ValueError:
            pass  # the codec's last word: this result is not kept
        except OSError as error:
            if not self._broken:
                self._broken = True
                said = error.strerror or str(error)
                self._tell(f"Results cannot be kept in {self._folder} ({said}): they will be computed again.")
        except Exception as error:  # noqa: BLE001 - the thread's border: a node may change its value meanwhile
            self._tell(f"A result cannot be kept and will be computed again ({type(error).__name__}: {error}).")
        finally:
            with self._lock:
                del self._pending[write.key]
                self._pending_bytes -= write.size

    def _save(self, write: _Write) -> None:
        path = self._path(write.key)
        body = HEAD.pack(write.seconds) + self._codec.encode(write.outputs)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{secrets.token_hex(8)}.tmp")
        try:
            with temporary.open("xb") as file:
                file.write(MAGIC)
                file.write(_digest(body))
                file.write(body)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        self._unmeasured += len(body)
        if self._bytes is None or self._unmeasured > self._max_bytes // 10:
            self._bytes, self._unmeasured = self._measured(), 0
        if self._bytes + self._unmeasured > self._max_bytes:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        """Make room with a tenth to spare. Counts afresh, for other processes write here as well."""
        states: list[tuple[int, int, Path]] = []
        for path in self._files():
            with suppress(OSError):
                state = path.stat()
                states.append((state.st_mtime_ns, state.st_size, path))
        total = sum(size for _, size, _ in states)
        for _, size, path in sorted(states, key=lambda one: one[0]):
            if total <= self._max_bytes - self._max_bytes // 10:
                break
            with suppress(OSError):
                path.unlink()
                total -= size
        self._bytes, self._unmeasured = total, 0

    def _measured(self) -> int:
        total = 0
        for path in self._files():
            with suppress(OSError):
                total += path.stat().st_size
        return total

    def _files(self) -> list[Path]:
        """All entries, and what a process that died left half written."""
        return [path for path in self._folder.glob("*/*") if path.suffix in (SUFFIX, ".tmp")]

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}{SUFFIX}"

    def _unpacked(self, data: bytes) -> Stored | None:
        start = len(MAGIC) + DIGEST
        body = memoryview(data)[start:]
        if len(body) < HEAD.size or data[: len(MAGIC)] != MAGIC or data[len(MAGIC) : start] != _digest(body):
            return None
        try:
            outputs = self._codec.decode(bytes(body[HEAD.size :]))
        except ValueError:
            return None
        return Stored(outputs, HEAD.unpack_from(body)[0])


def _digest(body: bytes | memoryview) -> bytes:
    return blake2b(body, digest_size=DIGEST).digest()


def _is_key(key: str) -> bool:
    return KEY.fullmatch(key) is not None


def _silent(_sentence: str) -> None:
    """For stores whose troubles nobody asks for."""
