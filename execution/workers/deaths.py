"""How a process ended, in words."""

from __future__ import annotations

import signal
from pathlib import Path

KERNEL_COUNTERS = Path("/proc/vmstat")  # Linux; holds how many processes were killed because memory ran out

_WORDS = {
    "SIGSEGV": "it crashed in native code (segmentation fault, SIGSEGV)",
    "SIGBUS": "it crashed in native code (bus error, SIGBUS)",
    "SIGILL": "it crashed in native code (illegal instruction, SIGILL)",
    "SIGFPE": "it crashed in native code (arithmetic fault, SIGFPE)",
    "SIGABRT": "native code gave up (SIGABRT)",
    "SIGTERM": "it was told to end from outside (SIGTERM)",
    "SIGKILL": "it was killed from outside (SIGKILL)",
}


def memory_kills() -> int | None:
    """How many processes this machine's kernel has killed for want of memory; None where nobody can say."""
    try:
        lines = KERNEL_COUNTERS.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), None)


def how_it_died(code: int, kills_before: int | None, said: str | None) -> str:
    """Why a process is gone, as a clause that begins with "it".

    `code` is its exit code, negative for a signal; `kills_before` what `memory_kills` said when it started; `said`
    what the process itself gave as the reason.
    """
    if said is not None:
        return said
    if code >= 0:
        return f"it ended by itself with exit code {code}, as os._exit({code}) does"
    if code == -9:
        kills = memory_kills()
        if kills is not None and kills_before is not None and kills > kills_before:
            return "the system killed it because memory ran out (SIGKILL)"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return _WORDS.get(name, f"it was ended by {name}")
