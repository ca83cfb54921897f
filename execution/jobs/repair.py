"""After damage: what was saved of the tables is made to agree again, and the user is told."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from execution.jobs.salvage import Salvage


def mend(connection: sqlite3.Connection) -> int:
    """Drop jobs whose prompt is lost, and prompts and outcomes whose job is lost; returns how many jobs went.

    A job without its prompt cannot run, and shows nothing.
    """
    lost = connection.execute("DELETE FROM jobs WHERE seq NOT IN (SELECT seq FROM requests)").rowcount
    connection.execute("DELETE FROM requests WHERE seq NOT IN (SELECT seq FROM jobs)")
    connection.execute("DELETE FROM outcomes WHERE seq NOT IN (SELECT seq FROM jobs)")
    connection.execute("DELETE FROM keys WHERE status IS NULL AND job NOT IN (SELECT id FROM jobs)")
    return lost


def notice(path: Path, saved: Salvage, jobs: int) -> str:
    """What happened, for the user."""
    found = "1 job was" if jobs == 1 else f"{jobs} jobs were"
    kept = f"The job database {path} was damaged ({saved.reason}). It is kept as {saved.backup.name} beside it."
    if saved.complete:
        return f"{kept} Everything in it could be read, and is here: {found} saved."
    if jobs:
        return f"{kept} {found[0].upper()}{found[1:]} read out of it and saved; others may be missing."
    return f"{kept} No job could be read out of it, so queue and history begin anew."
