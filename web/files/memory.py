"""How much main memory the machine has."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import NamedTuple

MEMINFO = Path("/proc/meminfo")


class Memory(NamedTuple):
    """Bytes; 0 where the system does not say."""

    total: int
    free: int  # what programs may still take


def main_memory() -> Memory:
    """The machine's main memory."""
    if sys.platform == "win32":
        return _windows()
    try:
        lines = MEMINFO.read_text("ascii").splitlines()
        sizes = {name: int(rest.split()[0]) * 1024 for name, _, rest in (line.partition(":") for line in lines)}
        return Memory(sizes["MemTotal"], sizes["MemAvailable"])
    except (OSError, ValueError, LookupError):
        return _unix()


def _unix() -> Memory:
    """Where there is no /proc, as on macOS."""
    known = os.sysconf_names if hasattr(os, "sysconf_names") else {}
    if "SC_PHYS_PAGES" not in known:
        return Memory(0, 0)
    page = os.sysconf("SC_PAGE_SIZE")
    free = os.sysconf("SC_AVPHYS_PAGES") if "SC_AVPHYS_PAGES" in known else _free_pages()
    return Memory(os.sysconf("SC_PHYS_PAGES") * page, free * page)


def _free_pages() -> int:
    """As macOS counts them: free ones and those of files that it keeps in case they are read again."""
    ask = getattr(ctypes.CDLL(None), "sysctlbyname", None)
    if ask is None:
        return 0
    pages = 0
    for name in (b"vm.page_free_count", b"vm.page_purgeable_count", b"vm.page_speculative_count"):
        value, size = ctypes.c_uint32(0), ctypes.c_size_t(4)
        if ask(name, ctypes.byref(value), ctypes.byref(size), None, 0) == 0:
            pages += value.value
    return pages


class _MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX of the Windows API."""

    _fields_ = [("length", ctypes.c_uint32), ("load", ctypes.c_uint32)] + [
        (name, ctypes.c_uint64) for name in ("total", "free", "page", "page_free", "room", "room_free", "more")
    ]


def _windows() -> Memory:
    status = _MemoryStatus()
    status.length = ctypes.sizeof(status)
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - there on Windows alone
    if not kernel.GlobalMemoryStatusEx(ctypes.byref(status)):
        return Memory(0, 0)
    return Memory(int(status.total), int(status.free))
