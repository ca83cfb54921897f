"""Writing results: names that count upwards, and files that are whole or not there at all."""

import errno
import os
import re
import secrets
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from execution.node import NodeInputError
from folders.safe_paths import UnsafeNameError, checked_parts, inside
from folders.workspace import OwnFolder, Workspace

NO_HARD_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
PREFIX = "filename_prefix"
MAX_NAME_BYTES = 200  # file systems take 255; number and suffix need some


@dataclass(frozen=True)
class SavedFile:
    """A file that was written, as the editor is told of it."""

    filename: str
    subfolder: str
    type: OwnFolder

    def to_ui(self) -> dict[str, str]:
        return {"filename": self.filename, "subfolder": self.subfolder, "type": self.type}


class NumberedFiles:
    """Writes files `<prefix>_00001_<suffix>`, `<prefix>_00002_<suffix>` ... in an own folder of the workspace.

    The prefix may hold a sub-folder (a Windows user's backslashes count as slashes) and %width%, %height%, %year%,
    %month%, %day%, %hour%, %minute%, %second% and, for each file anew, %batch_num%.

    Raises:
        NodeInputError: the prefix points outside the folder.
    """

    def __init__(self, workspace: Workspace, kind: OwnFolder, prefix: str, width: int = 0, height: int = 0) -> None:
        self._kind: OwnFolder = kind
        root = workspace.folder(kind)
        try:
            *folders, self._name = _parts(_with_values(prefix.replace("\\", "/"), width, height))
            self._folder = inside(root, "/".join(folders)) if folders else root.resolve()
        except UnsafeNameError as error:
            raise NodeInputError(PREFIX, str(error)) from error
        self._subfolder = "/".join(folders)
        self._last = 0
        self._counted: str | None = None  # the name whose numbers in the folder are known to end before `_last`

    def write(self, content: bytes, suffix: str, batch_number: int = 0) -> SavedFile:
        """Write one file under the next free number.

        Raises:
            OSError: the disk refuses it; nothing is left behind and nothing older is touched.
        """
        name = self._name.replace("%batch_num%", str(batch_number))
        self._folder.mkdir(parents=True, exist_ok=True)
        with _temporary(self._folder, content) as temporary:
            number = self._last + 1
            if name != self._counted:
                number, self._counted = max(number, next_number(self._folder, name)), name
            while not _publish(temporary, self._folder / f"{name}_{number:05}_{suffix}"):
                number += 1
        self._last = number
        return SavedFile(f"{name}_{number:05}_{suffix}", self._subfolder, self._kind)


def next_number(folder: Path, name: str) -> int:
    """One more than the highest number of `<name>_<number>_` files in a folder, whatever their suffix."""
    counted = re.compile(rf"{re.escape(os.path.normcase(name))}_(\d{{1,18}})_.*", re.DOTALL | re.ASCII)
    found = (counted.fullmatch(os.path.normcase(entry.name)) for entry in folder.iterdir())
    return max((int(match[1]) for match in found if match), default=0) + 1


def write_whole(path: Path, content: bytes) -> None:
    """Write a file and have it on the disk, not only on its way there."""
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _temporary(folder: Path, content: bytes) -> Generator[Path]:
    """A file with this content and a name of its own in `folder`; gone afterwards."""
    path = folder / f".weft-{secrets.token_hex(8)}.tmp"
    try:
        write_whole(path, content)
        yield path
    finally:
        path.unlink(missing_ok=True)


def _publish(temporary: Path, path: Path) -> bool:
    """Give a finished file its name, and have that on the disk; False if the name is taken."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in NO_HARD_LINKS:
            raise
        try:
            path.touch(exist_ok=False)  # such disks have no way to rename without overwriting: take the name first
        except FileExistsError:
            return False
        temporary.replace(path)
    _sync_folder(path.parent)
    return True


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":  # elsewhere a folder cannot be opened, and need not be
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _parts(prefix: str) -> tuple[str, ...]:
    parts = checked_parts(prefix) if prefix.strip() else ("",)
    if len(parts[-1].encode()) > MAX_NAME_BYTES:
        raise UnsafeNameError(f"The prefix {parts[-1][:40]!r}... is too long for a file name. Shorten it.")
    return parts


def _with_values(prefix: str, width: int, height: int) -> str:
    now = time.localtime()
    values = {
        "width": str(width),
        "height": str(height),
        "year": f"{now.tm_year}",
        "month": f"{now.tm_mon:02}",
        "day": f"{now.tm_mday:02}",
        "hour": f"{now.tm_hour:02}",
        "minute": f"{now.tm_min:02}",
        "second": f"{now.tm_sec:02}",
    }
    for name, value in values.items():
        prefix = prefix.replace(f"%{name}%", value)
    return prefix
