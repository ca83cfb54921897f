"""Every check of the project, in the order in which a mistake is cheapest to hear of: `python -m tests`."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests import editor_checks

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = Path(sysconfig.get_path("scripts"))
BEFORE = (
    ("style", ("ruff", "check", ".")),
    ("format", ("ruff", "format", "--check", ".")),
    ("layers", ("lint-imports", "--no-cache")),
    ("types", ("pyright", "--pythonpath", sys.executable)),
)
TESTS = ("tests", ("pytest", *sys.argv[1:]))


def run_tool(command: tuple[str, ...]) -> bool:
    """One of Python's tools; whether it is content."""
    tool, *arguments = command
    return subprocess.run([SCRIPTS / tool, *arguments], cwd=ROOT, check=False).returncode == 0


def passes(check: Callable[[], bool]) -> bool:
    """Whether a check passes, or may be passed over on this machine."""
    try:
        return check()
    except editor_checks.CannotCheck as reason:
        return editor_checks.excused(reason)


def main() -> int:
    checks: list[tuple[str, Callable[[], bool]]] = [
        *((name, partial(run_tool, command)) for name, command in BEFORE),
        *editor_checks.CHECKS,
        (TESTS[0], partial(run_tool, TESTS[1])),
    ]
    failed: list[str] = []
    for name, check in checks:
        print(f"== {name}", flush=True)
        started = time.monotonic()
        if not passes(check):
            failed.append(name)
        print(f"== {name}: {time.monotonic() - started:.0f} s", flush=True)
    print(f"Failed: {', '.join(failed)}." if failed else "Every check passed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
