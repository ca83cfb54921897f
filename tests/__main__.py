"""Every check of the project, in the order in which a mistake is cheapest to hear of: `python -m tests`."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = Path(sysconfig.get_path("scripts"))
CHECKS = (
    ("style", ("ruff", "check", ".")),
    ("format", ("ruff", "format", "--check", ".")),
    ("layers", ("lint-imports", "--no-cache")),
    ("types", ("pyright", "--pythonpath", sys.executable)),
    ("tests", ("pytest", *sys.argv[1:])),
)


def main() -> int:
    failed: list[str] = []
    for name, (tool, *arguments) in CHECKS:
        print(f"== {name}: {tool} {' '.join(arguments)}", flush=True)
        started = time.monotonic()
        if subprocess.run([SCRIPTS / tool, *arguments], cwd=ROOT, check=False).returncode:
            failed.append(name)
        print(f"== {name}: {time.monotonic() - started:.0f} s", flush=True)
    print(f"Failed: {', '.join(failed)}." if failed else "Every check passed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
