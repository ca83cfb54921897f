"""The checks of the browser editor: its types, its own tests, and what a browser has to fetch of it.

These need Node.js and npm, as the editor's developers have them; its users need neither.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EDITOR = ROOT / "web" / "editor"
LOCK = EDITOR / "package-lock.json"
INSTALLED = EDITOR / "node_modules" / ".package-lock.json"
"""What npm writes down of what it has installed."""

LEAST_NODE = 20
MOST_KILOBYTES = 250  # of scripts, after gzip, before the editor is there
UNREACHABLE = 3  # how `web.build` ends when the registry cannot be reached


class CannotCheck(Exception):
    """What a check needs is not on this machine."""


def check_types() -> bool:
    """`tsc`, strict."""
    return _npm("run", "--silent", "check")


def check_tests() -> bool:
    """vitest."""
    return _npm("exec", "--", "vitest", "run")


def check_size() -> bool:
    """The bundle, as the server makes it."""
    code = subprocess.run([sys.executable, "-m", "web.build", "--most", str(MOST_KILOBYTES)], cwd=ROOT, check=False)
    if code.returncode == UNREACHABLE:
        raise CannotCheck("the npm registry cannot be reached")
    return code.returncode == 0


CHECKS = (("editor's types", check_types), ("editor's tests", check_tests), ("editor's size", check_size))


def _npm(*arguments: str) -> bool:
    npm = _usable_npm()
    if not is_installed() and subprocess.run([npm, "ci"], cwd=EDITOR, check=False).returncode:
        return False
    return subprocess.run([npm, *arguments], cwd=EDITOR, check=False).returncode == 0


def _usable_npm() -> str:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        raise CannotCheck("Node.js and npm are not on this machine")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.lstrip("v").partition(".")[0]) < LEAST_NODE:
        raise CannotCheck(f"Node.js {LEAST_NODE} or newer is needed, and this is {version}")
    return npm


def is_installed(lock: Path = LOCK, installed: Path = INSTALLED) -> bool:
    """Whether `node_modules` is what the lock file says; packages for other platforms are not in it."""
    try:
        wanted, found = (json.loads(path.read_bytes())["packages"] for path in (lock, installed))
    except (OSError, ValueError, KeyError):
        return False
    needed = {place for place, entry in wanted.items() if place and not entry.get("optional")}
    same = all(entry.get("integrity") == wanted.get(place, {}).get("integrity") for place, entry in found.items())
    return same and needed <= found.keys()


def excused(reason: CannotCheck) -> bool:
    """Whether a check that cannot be made is passed over: nowhere but on people's own machines."""
    print(f"== skipped: {reason}" if not os.environ.get("CI") else f"== failed: {reason}", flush=True)
    return not os.environ.get("CI")
