"""Writing files whole or not at all, and what to say when the disk refuses."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from pathlib import Path

from web.refusal import Refusal

FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG})


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that whoever reads it finds the former content or the new one, also after a loss of power.

    Raises:
        OSError: it cannot be written; the former content stands.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_beside(path)
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def temporary_beside(path: Path) -> Path:
    """A new hidden name in a file's folder, for what will take its place."""
    return path.with_name(f".writing-{secrets.token_hex(8)}")


def sync_folder(folder: Path) -> None:
    """Make a new name in a folder outlast a loss of power, where the system can."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):  # some network file systems cannot; the file itself is there
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def disk_refusal(error: OSError) -> Refusal:
    """What to answer when the disk does not let a request have its way."""
    if error.errno in FULL:
        return Refusal(507, "disk_full", "The disk is full: nothing was written.", "Free some space, then try again.")
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        what = "The server may not write there."
        return Refusal(403, "not_writable", what, "Let the server's user write to the workspace folder.")
    if error.errno in (errno.ENOTDIR, errno.EISDIR, errno.ENOTEMPTY, errno.EEXIST):
        what = "A folder stands where the file should go, or a file where the folder should."
        return Refusal(400, "unusable_name", what, "Choose another name.")
    what = f"The disk did not take that ({error.strerror or 'an error without a name'})."
    return Refusal(400, "unusable_name", what, "Choose another name.")
