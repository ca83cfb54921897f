"""A digest of a pack's code: results kept on disk by an older version of it are not taken for the present one's."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

from packs.discover import LEFT_OUT


def pack_digest(path: Path) -> str:
    """Sixteen hex digits over the names and contents of a pack's Python files; a file that cannot be read counts too.

    Which of them a node uses nobody can tell, so a change in any of them makes the pack's nodes run again.
    """
    files = [path] if path.is_file() else sorted(path.rglob("*.py"))
    digest = blake2b(digest_size=8)
    for file in files:
        inside = file.relative_to(path).parts if file != path else ()
        if any(part in LEFT_OUT or part.startswith(".") for part in inside):
            continue
        digest.update("/".join(inside).encode("utf-8", "surrogateescape") + b"\0")
        try:
            digest.update(blake2b(file.read_bytes(), digest_size=16).digest())
        except OSError:
            digest.update(b"unreadable")
    return digest.hexdigest()
