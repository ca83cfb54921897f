"""The node that began last, kept where a crash cannot take it: in a file that the server and its worker share.

Messages go out on threads of their own; native code that crashes at once, or never lets go of the interpreter, leaves
them no time. A few bytes in shared memory need none.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import struct
import tempfile
from pathlib import Path

from execution.errors import NodeRef

STARTING = ""  # in place of a job: what the worker does before it is ready
VARIABLE = "WEFT_LAST_NODE"  # of the worker's environment: the file
SIZE = 4096  # bytes; a node whose ids take more is not kept
_LENGTH = struct.Struct(">I")


class LastNode:
    """The worker's side. It takes the file's name away, so that none is left however the two processes end."""

    def __init__(self, path: str | None) -> None:
        self._memory: mmap.mmap | None = None
        if path:
            with Path(path).open("r+b") as file:
                self._memory = mmap.mmap(file.fileno(), SIZE)
            with contextlib.suppress(OSError):  # Windows keeps the name; there the server removes it
                Path(path).unlink()

    def note(self, job: str, node: NodeRef) -> None:
        """A node of a job begins."""
        if self._memory is None:
            return
        text = json.dumps([job, *node]).encode()
        if len(text) <= SIZE - _LENGTH.size:
            self._memory[: _LENGTH.size + len(text)] = _LENGTH.pack(len(text)) + text


class SharedNode:
    """The server's side, for one worker process; to be closed when that is gone."""

    def __init__(self) -> None:
        """Make the file.

        Raises:
            OSError: there is no room for it.
        """
        handle, self.path = tempfile.mkstemp(prefix="weft-worker-")
        self._file = os.fdopen(handle, "r+b", buffering=0)
        try:
            self._file.write(bytes(SIZE))  # of a hole, a full disk would make a crash of the worker
        except BaseException:
            self.close()
            raise

    def read(self, job: str) -> NodeRef | None:
        """The node of a job that began last; None: none was noted."""
        try:
            self._file.seek(0)
            content = self._file.read(SIZE)
            (length,) = _LENGTH.unpack_from(content)
            noted, *node = json.loads(content[_LENGTH.size : _LENGTH.size + length])
            return NodeRef(*node) if noted == job else None
        except (OSError, ValueError, TypeError, struct.error):
            return None

    def close(self) -> None:
        self._file.close()
        Path(self.path).unlink(missing_ok=True)
