"""Where downloads and builds are kept between starts: a folder of the user's, for nobody else to write."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

VARIABLE = "WEFT_CACHE"


def usual_cache(environment: Mapping[str, str] = os.environ, system: str = sys.platform) -> Path | None:
    """The folder that WEFT_CACHE names, else Weft's in the user's folder of caches; None: the user has no folders."""
    if named := environment.get(VARIABLE):
        return Path(named).expanduser().absolute()
    home = _home(environment)
    if home is None:
        return None
    if system == "darwin":
        return home / "Library" / "Caches" / "weft"
    if system == "win32":
        return Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local") / "weft" / "cache"
    xdg = environment.get("XDG_CACHE_HOME", "")
    return (Path(xdg) if os.path.isabs(xdg) else home / ".cache") / "weft"  # noqa: PTH117 - "" is no path


def _home(environment: Mapping[str, str]) -> Path | None:
    named = environment.get("HOME") or environment.get("USERPROFILE")
    if named:
        return Path(named)
    with contextlib.suppress(RuntimeError):
        return Path.home()  # a service without HOME: as its account says
    return None


def writable_cache(wanted: Path | None) -> Path:
    """`wanted`, made if it is missing; where there is none or it cannot be written, a folder for temporary files.

    Raises:
        OSError: not even there.
    """
    if wanted is not None:
        with contextlib.suppress(OSError):
            wanted.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=wanted):
                return wanted
    own = Path(tempfile.gettempdir(), f"weft-cache-{os.getuid() if sys.platform != 'win32' else 'own'}")
    with contextlib.suppress(OSError):
        own.mkdir(mode=0o700, exist_ok=True)
        if _is_ours(own):
            return own
    return Path(tempfile.mkdtemp(prefix="weft-cache-"))


def _is_ours(folder: Path) -> bool:
    """Whether nobody else could have put something into a folder with a name that anybody can guess."""
    state = folder.lstat()
    if sys.platform == "win32":  # the folder for temporary files is the user's own there
        return True
    return folder.is_dir() and not folder.is_symlink() and state.st_uid == os.getuid() and not state.st_mode & 0o022
