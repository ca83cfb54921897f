"""Files that are whole or not there at all: written under a name of their own, then given the one they are for."""

import errno
import os
import re
import secrets
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from folders.job_files import sync_folder

NO_HARD_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
OURS = re.compile(r"\.weft-(\d{1,9})-[0-9a-f]{16}\.tmp")  # with the number of the process that writes it
LEFT_AFTER = 3600  # seconds after which nobody can still be writing a file: longer than any takes


def write_whole(path: Path, content: bytes) -> None:
    """Write a file and have it on the disk, not only on its way there."""
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def temporary(folder: Path, content: bytes) -> Generator[Path]:
    """A file with this content and a name of its own in `folder`; gone afterwards."""
    path = folder / f".weft-{os.getpid()}-{secrets.token_hex(8)}.tmp"
    try:
        write_whole(path, content)
        yield path
    finally:
        path.unlink(missing_ok=True)


def publish(whole: Path, path: Path) -> bool:
    """Give a finished file its name, and have that on the disk; False if the name is taken."""
    try:
        os.link(whole, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in NO_HARD_LINKS:
            raise
        try:
            path.touch(exist_ok=False)  # such disks have no way to rename without overwriting: take the name first
        except FileExistsError:
            return False
        whole.replace(path)
    sync_folder(path.parent)
    return True


def remove_leftovers(folder: Path) -> int:
    """Remove what processes that died while writing left anywhere below a folder; how many files that were.

    To be called when a process that writes there starts. A process of another machine or container that shares the
    folder may look dead from here; it then finds its file gone and writes it again.
    """
    removed = 0
    for directory, _, files in os.walk(folder):
        for name in files:
            ours = OURS.fullmatch(name)
            if ours is not None:
                with suppress(OSError):  # its owner was quicker, or the folder is closed to us
                    removed += _remove_dead(Path(directory, name), int(ours[1]))
    return removed


def _remove_dead(path: Path, process: int) -> bool:
    if _lives(process) and time.time() - path.stat().st_mtime < LEFT_AFTER:
        return False
    path.unlink()
    return True


def _lives(process: int) -> bool:
    if os.name != "posix":
        return True  # no harmless way to ask; age decides
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True
