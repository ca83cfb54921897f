"""The next free number of files that packs write themselves."""

from __future__ import annotations

import os
import re
from pathlib import Path


def next_counter(folder: Path, name: str) -> int:
    """One more than the highest number of `<name>_<number>` files in a folder, whatever follows the number."""
    counted = re.compile(rf"{re.escape(os.path.normcase(name))}_(\d{{1,18}})(?!\d).*", re.DOTALL | re.ASCII)
    found = (counted.fullmatch(os.path.normcase(entry.name)) for entry in folder.iterdir())
    return max((int(match[1]) for match in found if match), default=0) + 1
