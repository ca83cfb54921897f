"""How much main memory there is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

MEMINFO = Path("/proc/meminfo")


class Ram(NamedTuple):
    """Bytes; 0 where the system does not say."""

    total: int
    free: int


def main_memory() -> Ram:
    """The machine's main memory, and what of it programs may still take."""
    try:
        lines = MEMINFO.read_text("ascii").splitlines()
    except OSError:
        return _from_sysconf()
    sizes = {name: int(rest.split()[0]) * 1024 for name, _, rest in (line.partition(":") for line in lines)}
    return Ram(sizes.get("MemTotal", 0), sizes.get("MemAvailable", 0))


def _from_sysconf() -> Ram:
    known: dict[str, int] = getattr(os, "sysconf_names", {})
    if "SC_PHYS_PAGES" not in known or "SC_PAGE_SIZE" not in known:
        return Ram(0, 0)
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if "SC_AVPHYS_PAGES" in known else total
    return Ram(total, free)
