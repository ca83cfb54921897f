"""The changes of a queued job, each one statement or few inside a transaction: waiting, running, ended."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from execution.jobs.errors import UnknownJob
from execution.jobs.outcomes import outcome_to_data
from execution.jobs.packing import Packed, pack
from execution.jobs.records import Job, Outcome
from execution.jobs.rows import SHORT, full_jobs, job_by_id, jobs_by_seq, seqs_where
from execution.jobs.texts import sought

PAUSED = "paused"
"""The key among the kept values that says why the queue is paused."""

_IN_TURN = "INDEXED BY jobs_pending WHERE status = 'pending' ORDER BY returned DESC, number, seq"
# ^ the planner would take another index and sort all that wait

_CLAIM = f"""
UPDATE jobs SET status = 'running', worker = ?, started = ?, attempts = attempts + 1, returned = 0
WHERE seq = (
    SELECT seq FROM jobs {_IN_TURN} LIMIT 1
) AND NOT EXISTS (SELECT 1 FROM kept_values WHERE key = '{PAUSED}')
RETURNING {SHORT}
"""

_TO_THE_FRONT = "status = 'pending', returned = 1, started = NULL, worker = NULL"


def claim(connection: sqlite3.Connection, worker: str, now: int) -> Job | None:
    """The first pending job, now running on this worker; None: nothing waits, or the queue is paused."""
    found = full_jobs(connection, connection.execute(_CLAIM, (worker, now)).fetchall())
    return found[0] if found else None


def reassign(connection: sqlite3.Connection, job: Job, worker: str) -> Job:
    """A job that was just claimed goes to another worker."""
    connection.execute("UPDATE jobs SET worker = ? WHERE id = ?", (worker, sought(job.id)))
    return replace(job, worker=worker)


def finish(connection: sqlite3.Connection, job_id: str, status: str, outcome: Packed, now: int) -> Job | None:
    """End a job; None: it has ended before, or there is none."""
    statement = f"UPDATE jobs SET status = ?, ended = ?, returned = 0 WHERE id = ? AND ended IS NULL RETURNING {SHORT}"
    changed = connection.execute(statement, (status, now, sought(job_id))).fetchall()
    if not changed:
        return None
    connection.execute("INSERT INTO outcomes VALUES (?, ?)", (changed[0][0], outcome))
    return full_jobs(connection, changed)[0]


def give_back(connection: sqlite3.Connection, job_id: str, count_attempt: bool) -> Job:
    """A running job waits again, before all others. One that does not run stays as it is. Raises UnknownJob."""
    connection.execute(
        f"UPDATE jobs SET {_TO_THE_FRONT}, attempts = attempts - ? WHERE id = ? AND status = 'running'",
        (0 if count_attempt else 1, sought(job_id)),
    )
    job = job_by_id(connection, job_id)
    if job is None:
        raise UnknownJob(f"There is no job {job_id!r} to give back.")
    return job


def give_all_back(connection: sqlite3.Connection) -> int:
    """What ran when the server ended waits again, before all others; the run that was cut off does not count."""
    statement = f"UPDATE jobs SET {_TO_THE_FRONT}, attempts = max(attempts - 1, 0) WHERE status = 'running'"
    return connection.execute(statement).rowcount


def cancel_pending(connection: sqlite3.Connection, ids: Collection[str] | None, now: int) -> list[Job]:
    """Pending jobs end as cancelled, without having run. None: all of them."""
    chosen = "" if ids is None else "AND id IN (SELECT value FROM json_each(?))"
    values: tuple[Any, ...] = (now,) if ids is None else (now, json.dumps(list(ids)))
    statement = f"""UPDATE jobs SET status = 'cancelled', ended = ?, returned = 0
                    WHERE status = 'pending' {chosen} RETURNING {SHORT}"""
    changed = sorted(connection.execute(statement, values).fetchall())
    outcome = pack(outcome_to_data(Outcome("cancelled")))
    connection.executemany("INSERT INTO outcomes VALUES (?, ?)", [(row[0], outcome) for row in changed])
    return full_jobs(connection, changed)


def move(connection: sqlite3.Connection, job_id: str, number: float) -> bool:
    """Give a pending job another place; False: none of this id is pending."""
    statement = "UPDATE jobs SET number = ?, returned = 0 WHERE id = ? AND status = 'pending'"
    return connection.execute(statement, (number, sought(job_id))).rowcount > 0


def queue(connection: sqlite3.Connection) -> tuple[list[Job], list[Job]]:
    """The running jobs, and the pending ones in the order in which they will be claimed."""
    running = seqs_where(connection, "WHERE status = 'running' ORDER BY number, seq")
    return jobs_by_seq(connection, running), jobs_by_seq(connection, seqs_where(connection, _IN_TURN))


def position(connection: sqlite3.Connection, job_id: str) -> int | None:
    """A pending job's place in the order in which they will be claimed, from 1; None: it is not pending."""
    query = """SELECT (SELECT count(*) FROM jobs AS other INDEXED BY jobs_pending WHERE other.status = 'pending'
                       AND (-other.returned, other.number, other.seq) <= (-one.returned, one.number, one.seq))
               FROM jobs AS one WHERE one.id = ? AND one.status = 'pending'"""
    found = connection.execute(query, (sought(job_id),)).fetchall()
    return int(found[0][0]) if found else None


def count_remaining(connection: sqlite3.Connection) -> int:
    """Pending and running jobs."""
    return int(connection.execute("SELECT count(*) FROM jobs WHERE status IN ('pending', 'running')").fetchall()[0][0])
