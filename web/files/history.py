"""Former versions of saved workflows, so that nothing that was saved is lost by saving over it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from web.files.disk import write_whole

KEPT_VERSIONS = 50
KEPT_BYTES = 64 * 2**20
"""Of one file's versions; the newest is kept whatever it has."""

LONGEST = 16 * 2**20
"""Files larger than this are no workflows: they are kept without versions."""

REVISION = 32  # hexadecimal characters


def revision_of(data: bytes) -> str:
    """What tells one content from another."""
    return sha256(data).hexdigest()[:REVISION]


@dataclass(frozen=True, slots=True)
class Version:
    """A former content of a file."""

    revision: str
    replaced: float  # Unix seconds: until when it was the content
    size: int  # bytes
    path: Path


class History:
    """The versions below one folder, which no name from outside leads to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, name: str, data: bytes) -> None:
        """Keep a content that is about to be replaced; forget the oldest ones beyond what is kept.

        Raises:
            OSError: the disk does not take it.
        """
        if len(data) > LONGEST:
            return
        revision = revision_of(data)
        versions = self.versions(name)
        for same in [version for version in versions if version.revision == revision]:
            same.path.unlink(missing_ok=True)
        write_whole(self._place(name) / f"{time.time_ns():020d}-{revision}", data)
        total = 0
        for number, version in enumerate(self.versions(name)):
            total += version.size
            if number > 0 and (number >= KEPT_VERSIONS or total > KEPT_BYTES):
                version.path.unlink(missing_ok=True)

    def versions(self, name: str) -> list[Version]:
        """The kept versions of a file, the newest first."""
        found: list[Version] = []
        place = self._place(name)
        for path in sorted(place.iterdir(), reverse=True) if place.is_dir() else ():
            moment, _, revision = path.name.partition("-")
            if moment.isdigit() and len(revision) == REVISION:
                found.append(Version(revision, int(moment) / 1e9, path.stat().st_size, path))
        return found

    def read(self, name: str, revision: str) -> bytes | None:
        """A kept content; None: it is not kept."""
        for version in self.versions(name):
            if version.revision == revision:
                return version.path.read_bytes()
        return None

    def move(self, name: str, other: str) -> None:
        """Let a file's versions follow it to another name, beside those that the name had."""
        source, target = self._place(name), self._place(other)
        if not source.is_dir():
            return
        target.mkdir(parents=True, exist_ok=True)
        for path in source.iterdir():
            path.replace(target / path.name)
        source.rmdir()

    def _place(self, name: str) -> Path:
        # A digest: a name may be as long as a path, and stand for a file here and a folder there.
        return self.folder / sha256(name.encode()).hexdigest()[:40]
