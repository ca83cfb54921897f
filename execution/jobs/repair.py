"""After damage: what was saved of the tables is made to agree again, and the user is told."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from execution.jobs.outcomes import outcome_to_data
from execution.jobs.packing import pack
from execution.jobs.records import JobError, Outcome
from execution.jobs.rows import outcome_of
from execution.jobs.salvage import Salvage

_LOST = Outcome(
    "error",
    error=JobError(
        "server",
        "What became of this job was lost when the job database was damaged. Queue it again if it is still wanted.",
    ),
)

_FORGOTTEN = """
SELECT seq, id, number, created, outcome FROM requests LEFT JOIN outcomes USING (seq)
WHERE seq NOT IN (SELECT seq FROM jobs)
"""

_REBUILT = """
INSERT OR IGNORE INTO jobs (seq, id, number, status, created, started, ended) VALUES (?, ?, ?, ?, ?, ?, ?)
"""


def mend(connection: sqlite3.Connection, saved: Salvage) -> int:
    """Make the tables agree; returns how many jobs there are.

    A job is rebuilt from its prompt and outcome. Without an outcome it is queued again if it surely had none, else it
    ends with an error that says so: nothing runs twice. Without its prompt it cannot be shown or run, and goes.
    """
    for seq, job_id, number, created, stored in connection.execute(_FORGOTTEN).fetchall():
        outcome = _outcome(stored, saved)
        status, ended = ("pending", None) if outcome is None else (outcome.status, created)
        connection.execute(_REBUILT, (seq, job_id, number, status, created, ended, ended))
        if outcome is _LOST:
            connection.execute("INSERT INTO outcomes VALUES (?, ?)", (seq, pack(outcome_to_data(_LOST))))
    connection.execute("DELETE FROM jobs WHERE seq NOT IN (SELECT seq FROM requests)")
    connection.execute("DELETE FROM requests WHERE seq NOT IN (SELECT seq FROM jobs)")
    connection.execute("DELETE FROM outcomes WHERE seq NOT IN (SELECT seq FROM jobs)")
    connection.execute("DELETE FROM keys WHERE status IS NULL AND job NOT IN (SELECT id FROM jobs)")
    return int(connection.execute("SELECT count(*) FROM jobs").fetchall()[0][0])


def notice(path: Path, saved: Salvage, jobs: int) -> str:
    """What happened, for the user."""
    found = "1 job was" if jobs == 1 else f"{jobs} jobs were"
    kept = f"The job database {path} was damaged ({saved.reason}). It is kept as {saved.backup.name} beside it."
    if not saved.broken and not saved.beginning_lost:
        return f"{kept} Everything in it could be read and is here: {found} saved."
    if jobs:
        return f"{kept} {found} read out of it and saved; others may be missing."
    return f"{kept} No job could be read out of it, so queue and history begin anew."


def _outcome(stored: Any, saved: Salvage) -> Outcome | None:
    """What is known of how a job ended; None: it has not."""
    if stored is None:
        return _LOST if "outcomes" in saved.broken else None
    return outcome_of("error", stored)
