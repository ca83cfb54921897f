"""The numbers that saved files count upwards by, without looking through a growing folder for each of them."""

import os
import re
import secrets
import string
import threading
from dataclasses import dataclass, field
from pathlib import Path

MOST_NAMES = 1000  # per folder that are remembered; beyond, the folder is looked through again
TEMPORARY_PREFIX = "ComfyUI_temp"  # clients know previews by it


@dataclass
class _Folder:
    modified: int = -1  # nanoseconds, when we wrote there last
    highest: dict[str, int] = field(default_factory=dict[str, int])


class FileNumbers:
    """Remembers the highest number of each name, for as long as nobody else changes the folder.

    A service of the engine, one for each process. Another process that writes in the very moment between two looks
    goes unnoticed; the numbers are free all the same, because a name that is taken is never overwritten.
    """

    def __init__(self) -> None:
        self._folders: dict[Path, _Folder] = {}
        self._lock = threading.Lock()
        letters = (secrets.choice(string.ascii_lowercase) for _ in range(5))
        self.temporary_prefix = f"{TEMPORARY_PREFIX}_{''.join(letters)}"

    def next(self, folder: Path, name: str) -> int:
        """One more than the highest number of `<name>_<number>_` files in a folder, whatever their suffix."""
        modified = folder.stat().st_mtime_ns
        with self._lock:
            known = self._folders.setdefault(folder, _Folder())
            if known.modified != modified or len(known.highest) > MOST_NAMES:
                known.highest.clear()
                known.modified = modified
            if name in known.highest:
                return known.highest[name] + 1
        highest = highest_number(folder, name)
        with self._lock:
            if known.modified == modified:
                known.highest[name] = max(highest, known.highest.get(name, 0))
        return highest + 1

    def used(self, folder: Path, name: str, number: int) -> None:
        """We have written the file of this number, and nothing of ours is left to be done in the folder."""
        modified = folder.stat().st_mtime_ns
        with self._lock:
            known = self._folders.get(folder)
            if known is not None and name in known.highest:
                known.modified = modified
                known.highest[name] = max(number, known.highest[name])


def highest_number(folder: Path, name: str) -> int:
    """The highest number of `<name>_<number>_` files in a folder, 0 where there are none."""
    start = f"{os.path.normcase(name)}_"
    counted = re.compile(rf"{re.escape(start)}(\d{{1,18}})_.*", re.DOTALL | re.ASCII)
    alike = (entry for listed in os.listdir(folder) if (entry := os.path.normcase(listed)).startswith(start))  # noqa: PTH208 - a Path for each of 20,000 names takes ten times as long
    return max((int(match[1]) for entry in alike if (match := counted.fullmatch(entry))), default=0)
