"""Adding a job to the queue."""

from __future__ import annotations

import math
import sqlite3
from dataclasses import dataclass

from execution.jobs.errors import InvalidJob, JobExists
from execution.jobs.idempotency import first_job, remember_key
from execution.jobs.packing import Packed, pack, pack_aside
from execution.jobs.records import Job, NewJob
from execution.jobs.texts import check_text

_ADD = """
INSERT INTO jobs (id, number, status, created, webhook)
VALUES (?, coalesce(?, ? * coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'jobs'), 0)), 'pending', ?, ?)
RETURNING seq, number
"""
# ^ a job's number is the count of the jobs before it, which `seq` keeps whatever is deleted


@dataclass(frozen=True, slots=True)
class Submitted:
    """A job that is safely stored; `replayed`: by an earlier request with the same idempotency key."""

    job: Job
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """A checked new job, its long parts ready to be written."""

    new: NewJob
    prompt: Packed
    targets: Packed
    extra: Packed


async def prepare(new: NewJob) -> Request:
    """Check a new job and pack it, away from the writer's thread. Raises InvalidJob."""
    check_text("id of a job", new.id)
    if new.idempotency_key is not None:
        check_text("idempotency key", new.idempotency_key)
    if new.webhook is not None:
        check_text("webhook", new.webhook)
    if new.number is not None:
        check_number(new.number)
    try:
        return Request(new, await pack_aside(new.prompt), pack(new.targets), await pack_aside(new.extra))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidJob(f"The job {new.id!r} cannot be stored, since it is not plain JSON: {error}.") from error


def add(connection: sqlite3.Connection, request: Request, now: int) -> Submitted:
    """Insert the job, unless its idempotency key has made one before. Raises JobExists, KeyReused."""
    new = request.new
    if new.idempotency_key is not None:
        first = first_job(connection, new, now)
        if first is not None:
            return Submitted(first, replayed=True)
    values = (new.id, new.number, -1.0 if new.front else 1.0, now, new.webhook)
    try:
        seq, number = connection.execute(_ADD, values).fetchall()[0]
    except sqlite3.IntegrityError as error:
        raise JobExists(new.id) from error
    long = (request.prompt, request.targets, request.extra)
    connection.execute("INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, ?)", (seq, new.id, number, now, *long))
    if new.idempotency_key is not None:
        remember_key(connection, new, now)
    job = Job(new.id, number + 0.0, "pending", new.prompt, tuple(new.targets), new.extra, now, webhook=new.webhook)
    return Submitted(job)


def check_number(number: float) -> None:
    """Raises InvalidJob for a place that cannot be compared."""
    if not math.isfinite(number):
        raise InvalidJob(f"A job's number says its place in the queue; it must be finite, not {number!r}.")
