"""How much main memory this process may use."""

from __future__ import annotations

import os
from pathlib import Path

GIB = 2**30
ASSUMED = 16 * GIB  # where nobody can say
LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))  # of containers

TWO_CHECKPOINTS = 30 * GIB  # SDXL's base and refiner in float32 take 26 GB
MOST = 0.8  # of the memory


def main_memory() -> int:
    """Bytes of main memory, or of the container's share of it."""
    limits = [limit for path in LIMITS if (limit := _limit(path)) is not None]
    return min([_installed(), *limits])


def default_cache_bytes(memory: int | None = None) -> int:
    """Bytes that results may take, models included: half of the memory, more where half holds no two checkpoints.

    A cache too small for the models of a workflow would load them again for every picture, so a small machine gives up
    to four fifths for them.
    """
    total = main_memory() if memory is None else memory
    return max(total // 2, min(TWO_CHECKPOINTS, int(total * MOST)))


def _installed() -> int:
    if os.name != "posix":
        return _installed_windows()
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return ASSUMED


def _installed_windows() -> int:
    import ctypes

    kib = ctypes.c_ulonglong(0)
    asked = getattr(ctypes, "windll", None)
    if asked is None or not asked.kernel32.GetPhysicallyInstalledSystemMemory(ctypes.byref(kib)):
        return ASSUMED
    return kib.value * 1024


def _limit(path: Path) -> int | None:
    try:
        text = path.read_text("ascii").strip()
    except (OSError, ValueError):
        return None
    return int(text) if text.isdigit() else None
