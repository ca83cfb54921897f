"""One server for a workspace: a lock that the kernel releases when its holder dies, however it dies."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from pathlib import Path
from typing import Any

from execution.jobs.errors import StoreError

FILE = "server.lock"
FAR = 1 << 30  # Windows forbids reading locked bytes, so a byte far behind the text is locked
PATIENCE = 0.5  # seconds in which a server that has just begun writes its address

if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        os.lseek(file, FAR, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class WorkspaceBusy(StoreError):
    """Another server uses the workspace; `address` is where it answers ("" if it has not said yet)."""

    def __init__(self, folder: Path, address: str) -> None:
        where = f" It answers at {address}." if address else ""
        super().__init__(
            f"Another Weft server uses {folder} already.{where} Use that one, stop it, or give this one a folder of "
            "its own with --workspace."
        )
        self.address = address


class WorkspaceLock:
    """Held until `release`, or until the process ends."""

    def __init__(self, file: int) -> None:
        """Use `WorkspaceLock.take`."""
        self._file: int | None = file

    @classmethod
    def take(cls, folder: Path, address: str = "") -> WorkspaceLock:
        """Lock a workspace's folder for the server at this address. Raises WorkspaceBusy, StoreError."""
        path = folder / FILE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {error.strerror}. Make its folder writable.") from error
        try:
            _lock(file)
        except OSError as error:
            os.close(file)
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES, errno.EAGAIN, errno.EDEADLK):
                raise WorkspaceBusy(folder, _address(path)) from error
            raise StoreError(
                f"{path} cannot be locked: {error.strerror}. Choose a folder on a local disk with --workspace."
            ) from error
        lock = cls(file)
        lock.tell(address)
        return lock

    def tell(self, address: str) -> None:
        """Say where this server answers, once it is known."""
        if self._file is None:
            return
        with contextlib.suppress(OSError):  # a full disk: the lock holds all the same
            os.ftruncate(self._file, 0)
            os.lseek(self._file, 0, os.SEEK_SET)
            os.write(self._file, address.encode())

    def release(self) -> None:
        """Let another server have the workspace. The file stays: removing it would let two servers lock two files."""
        if self._file is not None:
            self.tell("")
            os.close(self._file)
            self._file = None

    def __enter__(self) -> WorkspaceLock:
        return self

    def __exit__(self, *_: Any) -> None:
        self.release()


def _address(path: Path) -> str:
    """The holder's address; "" where it does not say so in time."""
    deadline = time.monotonic() + PATIENCE
    while True:
        with contextlib.suppress(OSError, ValueError):
            address = path.read_text("utf-8").strip()
            if address:
                return address
        if time.monotonic() > deadline:
            return ""
        time.sleep(0.01)
