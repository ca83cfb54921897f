"""Times as API v2 writes them: ISO 8601 in UTC, with milliseconds and `Z`."""

from __future__ import annotations

import time
from datetime import UTC, datetime

DAY = 86_400_000  # milliseconds


def now() -> int:
    """Unix milliseconds."""
    return time.time_ns() // 1_000_000


def written(milliseconds: int) -> str:
    """`2026-11-21T10:32:00.125Z`; SDKs take no other ending than `Z`."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def written_or_none(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else written(milliseconds)
