"""Rows of the tables as jobs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from execution.jobs.outcomes import outcome_from_data
from execution.jobs.packing import unpack
from execution.jobs.records import Job, Outcome, Status

SHORT = "seq, id, number, status, created, started, ended, attempts, worker, webhook"
"""The columns of `jobs` that a job is made of, in the order that `job_of` takes them."""

WHOLE = f"""SELECT {SHORT}, prompt, targets, extra, outcome
FROM jobs JOIN requests USING (seq) LEFT JOIN outcomes USING (seq)"""
"""Whole jobs; conditions may follow."""


def job_of(row: tuple[Any, ...]) -> Job:
    """A row of `WHOLE`."""
    _, job_id, number, status, created, started, ended, attempts, worker, webhook, prompt, targets, extra, outcome = row
    return Job(
        id=job_id,
        number=number,
        status=status,
        prompt=unpack(prompt),
        targets=tuple(unpack(targets)),
        extra=unpack(extra),
        created=created,
        started=started,
        ended=ended,
        attempts=attempts,
        worker=worker,
        outcome=_outcome(status, outcome),
        webhook=webhook,
    )


def jobs_where(connection: sqlite3.Connection, rest: str, values: Iterable[Any] = ()) -> list[Job]:
    """The jobs that a WHERE or ORDER BY clause chooses."""
    return [job_of(row) for row in connection.execute(f"{WHOLE} {rest}", tuple(values))]


def job_by_id(connection: sqlite3.Connection, job_id: str) -> Job | None:
    found = jobs_where(connection, "WHERE id = ?", (job_id,))
    return found[0] if found else None


def full_jobs(connection: sqlite3.Connection, short: list[tuple[Any, ...]]) -> list[Job]:
    """Whole jobs of rows of `SHORT` that a statement has just changed and returned, in their order."""
    return [job_of((*row, *_long(connection, row[0]))) for row in short]


def _long(connection: sqlite3.Connection, seq: int) -> tuple[Any, ...]:
    query = "SELECT prompt, targets, extra, outcome FROM requests LEFT JOIN outcomes USING (seq) WHERE seq = ?"
    return connection.execute(query, (seq,)).fetchall()[0]


def _outcome(status: Status, stored: Any) -> Outcome | None:
    if status == "pending" or status == "running":
        return None
    if stored is None:  # lost with a damaged page; how it ended is known all the same
        return Outcome(status)
    return outcome_from_data(unpack(stored))
