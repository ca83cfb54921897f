"""`GET /api/v2/jobs`: pages of jobs, the newest first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from execution.jobs.records import Job, Status
from web.v2.labels import filters_of, has_labels
from web.v2.refusals import RefusalV2, invalid
from web.v2.service import ApiV2
from web.v2.shapes import STORED, labels_of, status_of, summary_json

DEFAULT_LIMIT = 50
MOST = 100
READ_AT_ONCE = 200  # jobs, while a filter looks for some
_CURSOR = re.compile(r"p([0-9]{1,9})\.([0-9]{1,9})")


async def job_page(parts: ApiV2, query: Mapping[str, str]) -> dict[str, Any]:
    """A page, and where the next one begins.

    Raises:
        RefusalV2: something in the query is not what it must be.
    """
    limit, filters = _limit(query.get("limit")), filters_of(query)
    asked = query.get("status") or None
    statuses = _statuses(asked)
    offset, found, following = await _start(parts, query.get("cursor"), statuses), list[Job](), None
    while len(found) < limit:
        size = limit if not filters and asked not in ("canceling", "running") else READ_AT_ONCE
        jobs, total = await parts.site.dispatcher.store.jobs(statuses, size, offset)
        for job in jobs:
            offset += 1
            if _fits(parts, job, asked, filters):
                found.append(job)
                if len(found) == limit:
                    break
        following = None if offset >= total else f"p{offset}.{total}"
        if following is None or not jobs:
            break
    page: dict[str, Any] = {"jobs": [summary_json(job, parts.live.running(job.id)) for job in found]}
    return page if following is None else {**page, "next_cursor": following}


def _fits(parts: ApiV2, job: Job, asked: str | None, filters: Mapping[str, str]) -> bool:
    if asked is not None and status_of(job, parts.live.running(job.id)) != asked:
        return False
    return has_labels(labels_of(job), filters)


async def _start(parts: ApiV2, cursor: str | None, statuses: tuple[Status, ...] | None) -> int:
    """Where a page begins. Jobs that came since the former page was read have moved all others back."""
    if not cursor:
        return 0
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise RefusalV2(422, "invalid_cursor", "This server did not issue that cursor. Begin again without one.")
    _, total = await parts.site.dispatcher.store.jobs(statuses, 0, 0)
    return max(0, int(match[1]) + total - int(match[2]))


def _statuses(asked: str | None) -> tuple[Status, ...] | None:
    if asked is None:
        return None
    if asked not in STORED:
        raise invalid(f"There is no status {asked[:40]!r}; there are {', '.join(STORED)}.")
    return STORED[asked]


def _limit(given: str | None) -> int:
    if given is None or given == "":
        return DEFAULT_LIMIT
    if given.isascii() and given.isdigit() and 0 < int(given) <= MOST:
        return int(given)
    raise invalid(f"The limit must be a number from 1 to {MOST}.")
