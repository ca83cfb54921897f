"""Which Weft this is: the version of its pyproject.toml and, in a clone, the commit that is checked out."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

COMMIT = re.compile(r"[0-9a-f]{40,64}")


def program_version(root: Path) -> str:
    """The version in `root/pyproject.toml`; "unknown" where it cannot be read."""
    try:
        return str(tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return "unknown"


def checked_out_commit(root: Path) -> str | None:
    """The commit that `root/.git` says is checked out; None where there is none. Changes since are not seen."""
    try:
        git = root / ".git"
        if git.is_file():  # of a further working tree: says where its own part lies
            git = root / git.read_text(encoding="utf-8").strip().removeprefix("gitdir: ")
        head = (git / "HEAD").read_text(encoding="utf-8").strip()
        if not head.startswith("ref: "):
            return _commit(head)
        name = head.removeprefix("ref: ")
        common = git / "commondir"
        shared = git / common.read_text(encoding="utf-8").strip() if common.is_file() else git
        if (shared / name).is_file():
            return _commit((shared / name).read_text(encoding="utf-8").strip())
        packed = (shared / "packed-refs").read_text(encoding="utf-8").splitlines()
        return next((_commit(line.split(" ")[0]) for line in packed if line.endswith(f" {name}")), None)
    except (OSError, ValueError):
        return None


def _commit(text: str) -> str | None:
    return text if COMMIT.fullmatch(text) else None
