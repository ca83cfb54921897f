"""Saved workflows and whatever else the editor keeps: whole files, replaced only by who has seen the present content.

Every content has a revision. Who saves may say which one he began from; when another came in between, nothing is
written and he is told. Methods run in threads, one writer at a time.
"""

from __future__ import annotations

import errno
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from web.files.disk import sync_folder, write_whole
from web.files.history import History, Version, revision_of
from web.files.places import file_below, not_found
from web.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Expected:
    """What a writer takes for the present content."""

    revisions: frozenset[str]  # any of these; "*": whatever it is
    status: int  # of the refusal when it is another


class Stale(Refusal):
    """The file is not what the writer began from. Tells what it is now."""

    def __init__(self, status: int, current: str | None) -> None:
        now = "It was changed meanwhile" if current else "It is not there any more"
        remedy = "Load the present version and save your changes over it, or save under another name."
        super().__init__(status, "stale_revision", f"{now}, in another tab or by another program.", remedy)
        self.current = current

    def to_json(self) -> dict[str, Any]:
        answer = super().to_json()
        answer["error"]["extra_info"] = {"revision": self.current}
        return {**answer, "revision": self.current}


@dataclass(frozen=True, slots=True)
class Saved:
    """A file as it stands."""

    name: str
    path: Path
    revision: str


class UserFiles:
    """One user's files."""

    def __init__(self, root: Path, history: History, writing: threading.Lock) -> None:
        self.root = root
        self._history = history
        self._writing = writing

    def path(self, name: str) -> Path:
        """Where a file lies. Raises Refusal (403) for a name that leads outside."""
        return file_below(self.root, name, 403)

    def read(self, name: str) -> bytes:
        """A file's content.

        Raises:
            Refusal: 404, 403.
        """
        path = self.path(name)
        if not path.is_file():
            raise not_found("There is no such file.", "GET /userdata?dir= lists what is there.")
        return path.read_bytes()

    def write(self, name: str, data: bytes, overwrite: bool, expected: Expected | None) -> Saved:
        """Save a file; its former content is kept.

        Raises:
            Refusal: 409 when it exists and may not be overwritten, `Stale`, 403.
            OSError: the disk does not take it.
        """
        path = self.path(name)
        with self._writing:
            current = self._current(path)
            _compare(current, expected)
            if current is not None and not overwrite:
                raise exists()
            if current is None or current != data:
                self._keep(path, current)
                write_whole(path, data)
        return Saved(name, path, revision_of(data))

    def delete(self, name: str, expected: Expected | None) -> None:
        """Delete a file; its content is kept as a version.

        Raises:
            Refusal: 404, 403, `Stale`.
            OSError: the disk does not let it go.
        """
        path = self.path(name)
        with self._writing:
            current = self._current(path)
            _compare(current, expected)
            if current is None:
                raise not_found("There is no such file.")
            self._keep(path, current)
            path.unlink()

    def move(self, name: str, other: str, overwrite: bool, expected: Expected | None) -> Saved:
        """Give a file another name; its versions go with it, and those of a file that it replaces are kept.

        Raises:
            Refusal: 404, 403, 409 when the other name is taken, `Stale`.
            OSError: the disk does not let it.
        """
        source, target = self.path(name), self.path(other)
        with self._writing:
            current = self._current(source)
            _compare(current, expected)
            if current is None:
                raise not_found("There is no such file.")
            if source != target:
                replaced = self._current(target)
                if replaced is not None and not overwrite:
                    raise exists()
                target.parent.mkdir(parents=True, exist_ok=True)
                self._keep(target, replaced)
                source.replace(target)
                sync_folder(target.parent)
                self._history.move(self._key(source), self._key(target))
        return Saved(other, target, revision_of(current))

    def versions(self, name: str) -> list[Version]:
        """The former versions of a file, the newest first; also of one that was deleted."""
        return self._history.versions(self._key(self.path(name)))

    def version(self, name: str, revision: str) -> bytes:
        """A former content. Raises Refusal (404) when it is not kept."""
        data = self._history.read(self._key(self.path(name)), revision)
        if data is None:
            raise not_found("That version is not kept.", "GET /userdata/{file}/history lists those that are.")
        return data

    def _key(self, path: Path) -> str:
        return path.relative_to(self.root.resolve()).as_posix()

    def _keep(self, path: Path, data: bytes | None) -> None:
        if data is not None:
            self._history.keep(self._key(path), data)

    def _current(self, path: Path) -> bytes | None:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except PermissionError:
            if path.is_dir():  # as Windows says it
                raise IsADirectoryError(errno.EISDIR, "A folder has that name") from None
            raise


def exists() -> Refusal:
    what = "A file of that name exists."
    return Refusal(409, "file_exists", what, "Save under another name, or with overwrite=true.")


def _compare(current: bytes | None, expected: Expected | None) -> None:
    """Refuse a writer who has not seen the present content."""
    if expected is None:
        return
    revision = None if current is None else revision_of(current)
    if revision is None or not expected.revisions & {"*", revision}:
        raise Stale(expected.status, revision)
