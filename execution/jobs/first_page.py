"""A damaged file whose first page is lost: without it, no program can tell where the tables are."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from execution.jobs.connection import APPLICATION, LOG
from execution.jobs.migrations import Migrations, migrate

PAGE = 4_096  # bytes; what SQLite takes when it is not told otherwise, as it never is here
WAL = slice(18, 20)  # where it says that newer pages may lie in a write-ahead log
COUNT = slice(28, 32)  # where the first page says how many pages there are, big-endian


@contextmanager
def with_first_page(damaged: Path, owner: str, steps: Migrations) -> Generator[Path]:
    """A copy of the file, for the time of the context, whose first page is a new file's.

    An owner's tables are the first that a file is given, and always by the same steps, so they begin on the same pages
    in all files.
    """
    with tempfile.TemporaryDirectory(prefix="salvage-", dir=damaged.parent) as folder:
        template = Path(folder) / "template"
        with contextlib.closing(sqlite3.connect(template, isolation_level=None)) as connection:
            connection.execute(f"PRAGMA page_size = {PAGE}")
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute("BEGIN")
            migrate(connection, template, owner, steps)
            connection.execute("COMMIT")
        first = bytearray(template.read_bytes()[:PAGE])
        first[COUNT] = (damaged.stat().st_size // PAGE).to_bytes(4, "big")
        copy = Path(folder) / "copy"
        shutil.copyfile(damaged, copy)
        wal = damaged.with_name(damaged.name + LOG)
        if wal.exists():
            shutil.copyfile(wal, copy.with_name(copy.name + LOG))
            first[WAL] = bytes((2, 2))
        with copy.open("r+b") as file:
            file.write(first)
        yield copy
