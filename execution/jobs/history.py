"""Ended jobs: looking through them, deleting them, keeping their number bounded."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence

from execution.jobs.idempotency import keep_keys
from execution.jobs.records import Job, Status
from execution.jobs.rows import jobs_by_seq, seqs_where

KEPT = 10_000  # of the jobs that ran, and as many of those cancelled before they did
RAN = "ended IS NOT NULL AND started IS NOT NULL"
NEVER_RAN = "ended IS NOT NULL AND started IS NULL"


def window(connection: sqlite3.Connection, max_items: int | None, offset: int | None) -> list[int]:
    """The `seq` of jobs that ran and ended, the oldest first. `offset`: without that many of the oldest.

    `max_items` alone: that many of the newest; with an offset (other than 0): that many from there on.
    """
    limit = KEPT if max_items is None else min(max(max_items, 0), KEPT)
    skipped = max(offset or 0, 0)
    if not skipped:
        newest = seqs_where(connection, f"WHERE {RAN} ORDER BY ended DESC, seq DESC LIMIT ?", limit)
        return newest[::-1]
    surplus = max(_count(connection, RAN) - KEPT, 0)  # those that are about to be deleted
    return seqs_where(connection, f"WHERE {RAN} ORDER BY ended, seq LIMIT ? OFFSET ?", limit, skipped + surplus)


def listing(
    connection: sqlite3.Connection,
    statuses: Collection[Status] | None,
    limit: int | None,
    offset: int,
    newest_first: bool,
) -> tuple[list[Job], int]:
    """Jobs of these statuses (None: all) by the time they came, a part of them; and how many there are in all."""
    chosen = "true" if statuses is None else "status IN (SELECT value FROM json_each(?))"
    values: tuple[str, ...] = () if statuses is None else (json.dumps(list(statuses)),)
    direction = "DESC" if newest_first else "ASC"
    part = (-1 if limit is None else max(limit, 0), max(offset, 0))
    seqs = seqs_where(connection, f"WHERE {chosen} ORDER BY seq {direction} LIMIT ? OFFSET ?", *values, *part)
    return jobs_by_seq(connection, seqs), _count(connection, chosen, *values)


def ended(connection: sqlite3.Connection, ids: Collection[str] | None) -> list[int]:
    """The `seq` of ended jobs: of these ids, or all (None)."""
    if ids is None:
        return seqs_where(connection, "WHERE ended IS NOT NULL")
    return seqs_where(
        connection, "WHERE ended IS NOT NULL AND id IN (SELECT value FROM json_each(?))", json.dumps(list(ids))
    )


def delete(connection: sqlite3.Connection, seqs: Sequence[int]) -> int:
    """Forget ended jobs with all that belongs to them; returns how many there were."""
    chosen = json.dumps(list(seqs))
    keep_keys(connection, chosen)
    return connection.execute("DELETE FROM jobs WHERE seq IN (SELECT value FROM json_each(?))", (chosen,)).rowcount


def prune(connection: sqlite3.Connection) -> int:
    """Forget the oldest ended jobs beyond `KEPT`; returns how many there were."""
    gone = 0
    for condition in (RAN, NEVER_RAN):
        surplus = _count(connection, condition) - KEPT
        if surplus > 0:
            oldest = seqs_where(connection, f"WHERE {condition} ORDER BY ended, seq LIMIT ?", surplus)
            gone += delete(connection, oldest)
    return gone


def _count(connection: sqlite3.Connection, condition: str, *values: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM jobs WHERE {condition}", values).fetchall()[0][0])
