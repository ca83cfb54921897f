"""The SHA-256 of whole files, remembered: a model of seven gigabytes takes seconds to read."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from folders.digest import WHOLE_BELOW

PIECE = 4 * 2**20  # bytes that are read at a time
MOST_LINES = 10_000  # of the file of digests; beyond, it is begun anew

Known = dict[str, tuple[list[int], str]]


def _nothing() -> None:
    """Nobody asks whether to stop."""


class _ClosedError(Exception):
    """Nobody wants the digest any more."""


class ContentDigests:
    """Digests of files by what the disk says of them: size, times of change and number. May be used from any thread.

    The first ten digits of a model's digest are what many sites and programs call its AutoV2 hash. `notes` is a file
    in which digests of large files (from 64 MiB) outlive the process; several processes may share it.
    """

    def __init__(self, notes: Path | None = None) -> None:
        self._notes = notes
        self._lock = threading.Lock()
        self._known: Known | None = None
        self._reading: list[threading.Thread] = []
        self._closed = threading.Event()

    def begin(self, path: Path) -> None:
        """Read a large file beside what goes on, so that its digest is there when it is asked for."""
        if self._closed.is_set() or not path.is_file() or path.stat().st_size < WHOLE_BELOW:
            return
        self._reading = [one for one in self._reading if one.is_alive()]
        reading = threading.Thread(target=self._read_ahead, args=(path,), name="content-digest", daemon=True)
        self._reading.append(reading)
        reading.start()

    def close(self) -> None:
        """Give up what `begin` began."""
        self._closed.set()
        for reading in self._reading:
            reading.join()

    def _read_ahead(self, path: Path) -> None:
        with suppress(_ClosedError, OSError):  # whoever asks for it then hears why
            self.of(path, self._stop_if_closed)

    def _stop_if_closed(self) -> None:
        if self._closed.is_set():
            raise _ClosedError

    def of(self, path: Path, check: Callable[[], None] = _nothing) -> str:
        """The SHA-256 of a file as hexadecimal digits; of a folder, that of the names and digests of its files.

        `check` is called now and then; what it raises ends the reading.

        Raises:
            OSError: the file cannot be read.
        """
        if path.is_dir():
            lines = (
                f"{file.relative_to(path).as_posix()}\0{self.of(file, check)}\n"
                for file in sorted(path.rglob("*"))
                if file.is_file()
            )
            return hashlib.sha256("".join(lines).encode(errors="surrogatepass")).hexdigest()
        with self._lock:  # one file at a time: disks are no faster for two
            known = self._read()
            name, state = str(path.resolve()), _state(path)
            found = known.get(name)
            if found is not None and found[0] == state:
                return found[1]
            digest = _digest(path, check)
            if _state(path) == state:  # else it is being written
                known[name] = (state, digest)
                self._note(name, state, digest)
            return digest

    def _read(self) -> Known:
        """What is known; of a damaged file of notes, what can be read."""
        if self._known is None:
            self._known = {}
            lines: list[str] = []
            if self._notes is not None:
                with suppress(OSError):
                    lines = self._notes.read_text(encoding="utf-8", errors="replace").splitlines()
                if len(lines) > MOST_LINES:
                    lines = []
                    self._notes.unlink(missing_ok=True)
            for line in lines:
                with suppress(ValueError, TypeError, KeyError):
                    entry: dict[str, Any] = json.loads(line)
                    self._known[str(entry["path"])] = (cast("list[int]", entry["state"]), str(entry["sha256"]))
        return self._known

    def _note(self, name: str, state: list[int], digest: str) -> None:
        if self._notes is None or state[0] < WHOLE_BELOW:
            return
        line = json.dumps({"path": name, "state": state, "sha256": digest})
        with suppress(OSError):  # a full disk costs a reading some day
            self._notes.parent.mkdir(parents=True, exist_ok=True)
            with self._notes.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")


def _state(path: Path) -> list[int]:
    state = path.stat()
    return [state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino]


def _digest(path: Path, check: Callable[[], None]) -> str:
    hasher = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while piece := file.read(PIECE):
            check()
            hasher.update(piece)
    return hasher.hexdigest()
