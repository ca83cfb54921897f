"""The editor's sources as they are at one moment, and the stamp by which a build of them is known."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from web.editor_build.places import INDEX, LOCK
from web.editor_build.problem import BuildProblem

EDITOR = Path(__file__).resolve().parent.parent / "editor"
"""Where Weft keeps them."""

SINGLE = (LOCK, "package.json", "tsconfig.json", INDEX)
FOLDERS = ("src", "public")
TESTS = (".test.ts", ".test.tsx", ".bench.ts", ".snap")  # no part of what a browser gets
STAMP_LENGTH = 16
BUILDER = Path(__file__).resolve().parent
REMEDY = "Restore the folder web/editor from Weft's repository."


@dataclass(frozen=True, slots=True)
class Sources:
    """Every file by its path below the editor's folder, with forward slashes."""

    files: Mapping[str, bytes]

    @property
    def stamp(self) -> str:
        """A digest of all of it and of the code that builds it. The same on every machine."""
        digest = hashlib.sha256()
        for path in sorted(BUILDER.glob("*.py")):
            digest.update(path.read_bytes())
        for name, data in sorted(self.files.items()):
            digest.update(f"\0{name}\0{len(data)}\0".encode())
            digest.update(data)
        return digest.hexdigest()[:STAMP_LENGTH]

    def write(self, folder: Path) -> None:
        """Put a copy into a folder; what is built is then what the stamp says, whoever edits a file meanwhile."""
        for name, data in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def read_sources(folder: Path = EDITOR) -> Sources:
    """Read the sources.

    Raises:
        BuildProblem: a file that every build needs is not there, or one cannot be read.
    """
    try:
        files = {name: (folder / name).read_bytes() for name in SINGLE if name != "tsconfig.json"}
        for name in _names(folder):
            files[name] = (folder / name).read_bytes()
    except OSError as error:
        what = f"The editor's sources cannot be read: {error.filename} ({error.strerror})."
        raise BuildProblem(what, REMEDY) from error
    return Sources(files)


def _names(folder: Path) -> Iterator[str]:
    if (folder / "tsconfig.json").is_file():
        yield "tsconfig.json"
    for top in FOLDERS:
        for directory, below, names in os.walk(folder / top):
            below[:] = [name for name in below if not name.startswith(".")]
            for name in names:
                if not name.startswith(".") and not name.endswith(TESTS):
                    yield Path(directory, name).relative_to(folder).as_posix()
