"""Rows of the tables as jobs."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable
from typing import Any

from execution.jobs.outcomes import outcome_from_data
from execution.jobs.packing import unpack
from execution.jobs.records import Job, Outcome, Status
from execution.jobs.texts import sought

SHORT = "seq, id, number, status, created, started, ended, attempts, worker, webhook"
"""The columns of `jobs` that a job is made of."""

_JOBS = ", ".join(f"jobs.{column}" for column in SHORT.split(", "))
_WHOLE = f"""SELECT {_JOBS}, prompt, targets, extra, outcome
FROM jobs JOIN requests USING (seq) LEFT JOIN outcomes USING (seq)"""


def job_of(row: tuple[Any, ...]) -> Job:
    """A row of the columns in `SHORT`, then prompt, targets, extra, outcome."""
    _, job_id, number, status, created, started, ended, attempts, worker, webhook, prompt, targets, extra, outcome = row
    return Job(
        id=job_id,
        number=number,
        status=status,
        prompt=_unpacked(prompt, {}),
        targets=tuple(_unpacked(targets, [])),
        extra=_unpacked(extra, {}),
        created=created,
        started=started,
        ended=ended,
        attempts=attempts,
        worker=worker,
        outcome=outcome_of(status, outcome),
        webhook=webhook,
    )


def job_by_id(connection: sqlite3.Connection, job_id: str) -> Job | None:
    found = connection.execute(f"{_WHOLE} WHERE jobs.id = ?", (sought(job_id),)).fetchall()
    return job_of(found[0]) if found else None


def jobs_by_seq(connection: sqlite3.Connection, seqs: Iterable[int]) -> list[Job]:
    """The jobs of these `seq`, in this order; those deleted since are left out.

    One by one: a sorted query would carry the long columns through SQLite's sorter.
    """
    query = f"{_WHOLE} WHERE jobs.seq = ?"
    return [job_of(row) for seq in seqs for row in connection.execute(query, (seq,))]


def seqs_where(connection: sqlite3.Connection, rest: str, *values: str | int) -> list[int]:
    """The `seq` of the jobs that a clause chooses, in its order."""
    return [row[0] for row in connection.execute(f"SELECT seq FROM jobs {rest}", values)]


def full_jobs(connection: sqlite3.Connection, short: list[tuple[Any, ...]]) -> list[Job]:
    """Whole jobs of rows of `SHORT` that a statement has just changed and returned, in their order."""
    return [job_of((*row, *_long(connection, row[0]))) for row in short]


def _long(connection: sqlite3.Connection, seq: int) -> tuple[Any, ...]:
    query = "SELECT prompt, targets, extra, outcome FROM requests LEFT JOIN outcomes USING (seq) WHERE seq = ?"
    return connection.execute(query, (seq,)).fetchall()[0]


def outcome_of(status: Status, stored: Any) -> Outcome | None:
    """How a job ended, if it has; as far as that can be read."""
    if status == "pending" or status == "running":
        return None
    if stored is None:  # lost with a damaged page; how it ended is known all the same
        return Outcome(status)
    return outcome_from_data(_unpacked(stored, {"status": status}))


def _unpacked(stored: Any, instead: Any) -> Any:
    """A packed value; or, where a damaged page has spoilt it, a value of the same kind.

    A job without its prompt asks for nothing: it fails, is reported, and does not keep the queue from going on.
    """
    try:
        value = unpack(stored)
    except (ValueError, TypeError, zlib.error):
        return instead
    return value if isinstance(value, type(instead)) else instead
