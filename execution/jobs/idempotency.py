"""Idempotency keys: the same request sent again, because its answer was lost, gives the first one's job."""

from __future__ import annotations

import sqlite3

from execution.jobs.errors import KeyReused
from execution.jobs.records import Job, NewJob
from execution.jobs.rows import job_by_id

LIFETIME = 24 * 60 * 60 * 1000  # milliseconds


def first_job(connection: sqlite3.Connection, new: NewJob, now: int) -> Job | None:
    """The job that this key and request made before; None: they are new. Raises KeyReused."""
    connection.execute("DELETE FROM keys WHERE used <= ?", (now - LIFETIME,))
    query = "SELECT key, digest, job, number, status, created, started, ended FROM keys WHERE key = ?"
    found = connection.execute(query, (new.idempotency_key,)).fetchall()
    if not found:
        return None
    key, digest, job_id, number, status, created, started, ended = found[0]
    if digest != new.body_digest:
        raise KeyReused(key, job_id)
    if status is None:
        return job_by_id(connection, job_id)
    # Deleted since. What was asked is what is asked now; how it ended, the key remembers.
    return Job(job_id, number, status, new.prompt, tuple(new.targets), new.extra, created, started, ended)


def remember_key(connection: sqlite3.Connection, new: NewJob, now: int) -> None:
    """Tie the key to the job that was just added."""
    values = (new.idempotency_key, new.body_digest, new.id, now)
    connection.execute("INSERT INTO keys (key, digest, job, used) VALUES (?, ?, ?, ?)", values)


def keep_keys(connection: sqlite3.Connection, seqs: str) -> None:
    """Before jobs are deleted (a JSON list of `seq`): their keys remember how they ended."""
    connection.execute(
        """UPDATE keys SET number = gone.number, status = gone.status, created = gone.created,
               started = gone.started, ended = gone.ended
           FROM (SELECT * FROM jobs WHERE seq IN (SELECT value FROM json_each(?))) AS gone
           WHERE keys.job = gone.id AND keys.status IS NULL""",
        (seqs,),
    )
