"""Where the socket of the packs' routes lies: a folder of this user's alone, tidied of what killed workers left."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import stat
import tempfile
import time
from pathlib import Path

YOUNG = 60  # seconds; a socket that another worker has just made may not listen yet


def free_socket_path() -> Path:
    """A path for a new Unix socket that other users cannot reach."""
    folder = Path(tempfile.gettempdir()) / f"weft-{os.getuid()}"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    if not _is_ours_alone(folder):
        folder = Path(tempfile.mkdtemp(prefix="weft-"))
    for old in folder.glob("*.sock"):
        if _is_dead(old):
            old.unlink(missing_ok=True)
    return folder / f"{os.getpid()}-{secrets.token_hex(4)}.sock"


def _is_ours_alone(folder: Path) -> bool:
    """Whether a folder is this user's and closed to others: another user may have made one of its name first."""
    state = folder.lstat()
    return stat.S_ISDIR(state.st_mode) and state.st_uid == os.getuid() and not state.st_mode & 0o077


def _is_dead(path: Path) -> bool:
    """Whether nobody listens at a socket any more."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(1.0)
        try:
            if time.time() - path.lstat().st_mtime < YOUNG:
                return False
            asking.connect(str(path))
        except ConnectionRefusedError:
            return True
        except OSError:  # busy, gone, or something else: not ours to judge
            return False
    return False
