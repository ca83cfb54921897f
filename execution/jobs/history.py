"""Ended jobs: looking through them, deleting them, keeping their number bounded."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection

from execution.jobs.idempotency import keep_keys
from execution.jobs.records import Job, Status
from execution.jobs.rows import jobs_where

KEPT = 10_000  # of the jobs that ran, and as many of those cancelled before they did
RAN = "ended IS NOT NULL AND started IS NOT NULL"
NEVER_RAN = "ended IS NOT NULL AND started IS NULL"


def history(connection: sqlite3.Connection, max_items: int | None, offset: int | None) -> list[Job]:
    """Jobs that ran and ended, the oldest first. `offset`: without that many of the oldest.

    `max_items` alone: that many of the newest; with an offset (other than 0): that many from there on.
    """
    skipped = max(offset or 0, 0)
    if skipped:
        limit = KEPT if max_items is None else min(max(max_items, 0), KEPT)
        surplus = max(_count(connection, RAN) - KEPT, 0)  # those that are about to be deleted
        return jobs_where(connection, f"WHERE {RAN} ORDER BY ended, seq LIMIT ? OFFSET ?", (limit, skipped + surplus))
    limit = KEPT if max_items is None else min(max(max_items, 0), KEPT)
    newest = jobs_where(connection, f"WHERE {RAN} ORDER BY ended DESC, seq DESC LIMIT ?", (limit,))
    return newest[::-1]


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
    total = int(connection.execute(f"SELECT count(*) FROM jobs WHERE {chosen}", values).fetchall()[0][0])
    direction = "DESC" if newest_first else "ASC"
    part = (-1 if limit is None else max(limit, 0), max(offset, 0))
    found = jobs_where(connection, f"WHERE {chosen} ORDER BY seq {direction} LIMIT ? OFFSET ?", (*values, *part))
    return found, total


def delete_ended(connection: sqlite3.Connection, ids: Collection[str] | None) -> int:
    """Forget ended jobs (None: all of them); returns how many there were. Others stay."""
    if ids is None:
        return _delete(connection, "SELECT seq FROM jobs WHERE ended IS NOT NULL")
    query = "SELECT seq FROM jobs WHERE ended IS NOT NULL AND id IN (SELECT value FROM json_each(?))"
    return _delete(connection, query, json.dumps(list(ids)))


def prune(connection: sqlite3.Connection) -> int:
    """Forget the oldest ended jobs beyond `KEPT`; returns how many there were."""
    gone = 0
    for condition in (RAN, NEVER_RAN):
        surplus = _count(connection, condition) - KEPT
        if surplus > 0:
            gone += _delete(connection, f"SELECT seq FROM jobs WHERE {condition} ORDER BY ended, seq LIMIT ?", surplus)
    return gone


def _count(connection: sqlite3.Connection, condition: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM jobs WHERE {condition}").fetchall()[0][0])


def _delete(connection: sqlite3.Connection, query: str, *values: str | int) -> int:
    """Delete the jobs whose `seq` a query gives, with all that belongs to them."""
    seqs = json.dumps([row[0] for row in connection.execute(query, values)])
    keep_keys(connection, seqs)
    return connection.execute("DELETE FROM jobs WHERE seq IN (SELECT value FROM json_each(?))", (seqs,)).rowcount
