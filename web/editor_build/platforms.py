"""Which operating system and processor a machine has, as npm packages name them."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass

PROCESSORS: Mapping[str, str] = {
    "x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64", "i386": "ia32", "i686": "ia32",
    "x86": "ia32", "armv7l": "arm", "armv6l": "arm", "ppc64le": "ppc64", "riscv64": "riscv64", "s390x": "s390x",
    "loongarch64": "loong64", "mips64": "mips64el",
}  # fmt: skip
"""What `platform.machine()` says, in small letters -> npm's word."""


@dataclass(frozen=True, slots=True)
class Platform:
    """npm's words, as in a lock file's `os` and `cpu`."""

    system: str  # linux, darwin, win32, freebsd ...
    processor: str  # x64, arm64 ...

    def __str__(self) -> str:
        return f"{self.system}-{self.processor}"


def this_platform() -> Platform:
    """The machine that this runs on."""
    system = sys.platform.rstrip("0123456789") if sys.platform.startswith(("freebsd", "openbsd")) else sys.platform
    machine = platform.machine().lower()
    return Platform(system, PROCESSORS.get(machine, machine))
