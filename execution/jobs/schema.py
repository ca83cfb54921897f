"""The job store's tables, as numbered migrations."""

from __future__ import annotations

from execution.jobs.migrations import Migrations

OWNER = "jobs"

MIGRATIONS: Migrations = (
    (
        # What is short and changes. `seq` is a job's age and never given twice; `returned` marks a job that was
        # running once and goes before all others; times are Unix milliseconds.
        """CREATE TABLE jobs (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            number REAL NOT NULL,
            returned INTEGER NOT NULL DEFAULT 0,
            status TEXT NOT NULL CHECK (status IN ('pending', 'running', 'success', 'error', 'cancelled')),
            created INTEGER NOT NULL,
            started INTEGER,
            ended INTEGER,
            attempts INTEGER NOT NULL DEFAULT 0,
            worker TEXT,
            webhook TEXT
        ) STRICT""",
        "CREATE INDEX jobs_pending ON jobs (returned DESC, number, seq) WHERE status = 'pending'",
        "CREATE INDEX jobs_history ON jobs (ended, seq) WHERE ended IS NOT NULL AND started IS NOT NULL",
        "CREATE INDEX jobs_never_run ON jobs (ended, seq) WHERE ended IS NOT NULL AND started IS NULL",
        "CREATE INDEX jobs_by_status ON jobs (status, seq)",
        # What is long and never changes, out of the way of the rest. Packed JSON. The first columns are written twice:
        # should the pages of `jobs` be damaged, a job can be told from its request.
        """CREATE TABLE requests (
            seq INTEGER PRIMARY KEY REFERENCES jobs (seq) ON DELETE CASCADE,
            id TEXT NOT NULL,
            number REAL NOT NULL,
            created INTEGER NOT NULL,
            prompt ANY NOT NULL,
            targets ANY NOT NULL,
            extra ANY NOT NULL
        ) STRICT""",
        """CREATE TABLE outcomes (
            seq INTEGER PRIMARY KEY REFERENCES jobs (seq) ON DELETE CASCADE,
            outcome ANY NOT NULL
        ) STRICT""",
        # Idempotency keys. The last columns are filled when the job is deleted before its key expires.
        """CREATE TABLE keys (
            key TEXT NOT NULL UNIQUE,
            digest TEXT NOT NULL,
            job TEXT NOT NULL,
            used INTEGER NOT NULL,
            number REAL,
            status TEXT,
            created INTEGER,
            started INTEGER,
            ended INTEGER
        ) STRICT""",
        "CREATE INDEX keys_by_age ON keys (used)",
        "CREATE INDEX keys_by_job ON keys (job)",
        # Small things to remember: whether the queue is paused, the last catalogue, ... Packed JSON.
        "CREATE TABLE kept_values (key TEXT NOT NULL UNIQUE, value ANY NOT NULL) STRICT",
    ),
)
