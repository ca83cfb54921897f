"""Damaged, foreign and newer database files: kept, salvaged as far as they can be read, reported; never emptied.

WEFT_DAMAGES sets how many random damages are tried (twenty in the usual run).
"""

import asyncio
import os
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from execution.jobs import copying
from execution.jobs.errors import StoreError, StoreForeign, StoreFull, StoreTooNew
from execution.jobs.records import Job, Outcome
from execution.jobs.store import JobStore
from tests.execution.jobs_helpers import opened, run_all, submit_all

PAGE = 4096
SEEDS = int(os.environ.get("WEFT_DAMAGES", "20"))
ENDED = 120
WAITING = 30


def fill(folder: Path) -> Path:
    """A store of some hundred pages: ended jobs e0..., one that ran when the server ended, waiting ones w0..."""

    async def main() -> None:
        async with opened(folder) as store:
            await run_all(
                store, *(f"e{i}" for i in range(ENDED)), outcome=Outcome("success", warnings=("long " * 300,))
            )
            await submit_all(store, "ran", *(f"w{i}" for i in range(WAITING)))
            await store.claim("w")
            await store.set_value("catalogue", {"KSampler": [1, 2, 3]})

    asyncio.run(main())
    return folder / "jobs.db"


def look(folder: Path) -> tuple[str | None, list[Job], object]:
    """Open the store; its notice, its jobs by age, what it kept. And see that it works, and is sound from then on."""

    async def main() -> tuple[str | None, list[Job], object]:
        async with opened(folder) as store:
            jobs, total = await store.jobs(newest_first=False)
            assert total == len(jobs)
            running, pending = await store.queue()
            assert store.remaining == len(pending) and not running
            found = store.notice, jobs, await store.value("catalogue")
            await run_one(store)
        async with opened(folder) as store:
            assert store.notice is None
            assert (await store.jobs(limit=0))[1] == total + 1
        return found

    return asyncio.run(main())


async def run_one(store: JobStore) -> None:
    await submit_all(store, "after", front=True)
    claimed = await store.claim("w")
    assert claimed is not None
    await store.finish(claimed.id, Outcome("success"))


def backups(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if ".damaged-" in path.name)


def root_page(path: Path, name: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,)).fetchone()[0]


def overwrite(path: Path, page: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(data)


def garbage(seed: int, size: int = PAGE) -> bytes:
    return random.Random(seed).randbytes(size)


def check_salvaged(folder: Path, damaged: bytes) -> list[Job]:
    """What every salvage must do; returns the jobs that were saved."""
    notice, jobs, _ = look(folder)
    (kept,) = backups(folder)
    assert kept.read_bytes() == damaged
    assert notice is not None and kept.name in notice and "jobs.db" in notice and notice.endswith(".")
    assert str(len(jobs)) in notice or ("1 job" in notice if len(jobs) == 1 else "No job" in notice)
    expected = {"e": "success", "r": "pending", "w": "pending"}
    for job in jobs:
        if job.outcome is not None and job.outcome.error is not None:
            assert "damaged" in job.outcome.error.message and job.status == "error"
        else:
            assert job.status == expected[job.id[0]]
            assert job.outcome is None or job.outcome.status == "success"
    assert [path.name for path in folder.iterdir() if "salvage" in path.name] == []
    return jobs


def test_a_sound_file_gives_no_notice(tmp_path):
    fill(tmp_path)
    notice, jobs, kept = look(tmp_path)
    assert notice is None and len(jobs) == ENDED + 1 + WAITING and kept == {"KSampler": [1, 2, 3]}
    assert backups(tmp_path) == []


@pytest.mark.parametrize("content", [b"", b"Dear diary,\n" * 1_000, bytes(3 * PAGE), garbage(1, 3 * PAGE + 17), b"x"])
def test_a_file_that_is_no_database_is_kept(tmp_path, content):
    (tmp_path / "jobs.db").write_bytes(content)
    assert check_salvaged(tmp_path, content) == []


@pytest.mark.parametrize("keep", [0.9, 0.5, 0.1, 0.02])
def test_of_a_file_cut_short_the_beginning_is_saved(tmp_path, keep):
    path = fill(tmp_path)
    data = path.read_bytes()
    data = data[: int(len(data) * keep)]
    path.write_bytes(data)
    jobs = check_salvaged(tmp_path, data)
    if keep >= 0.5:
        assert len(jobs) >= (ENDED + 1 + WAITING) * keep * 0.5


@pytest.mark.parametrize("seed", range(SEEDS))
def test_random_damage_never_keeps_the_server_from_starting(tmp_path, seed):
    """Bytes, stretches and whole pages anywhere, of data and of nonsense; and it is noticed again and again."""
    path = fill(tmp_path)
    chance = random.Random(seed)
    data = bytearray(path.read_bytes())
    for _ in range(chance.choice((1, 3, 20))):
        size = chance.choice((1, 4, 100, PAGE, 5 * PAGE))
        first = chance.choice((0, 0, PAGE, len(data))) + chance.randrange(-PAGE, PAGE)
        first = chance.randrange(len(data)) if chance.random() < 0.6 else max(min(first, len(data) - 1), 0)
        size = min(size, len(data) - first)
        source = chance.randrange(len(data) - size)
        data[first : first + size] = chance.choice((bytes(size), chance.randbytes(size), data[source : source + size]))
    if chance.random() < 0.2:
        del data[chance.randrange(len(data)) :]
    path.write_bytes(data)
    try:
        notice, jobs, _ = look(tmp_path)
    except (StoreTooNew, StoreForeign):  # as it may well look now
        assert path.read_bytes() == data
        return
    assert len({job.id for job in jobs}) == len(jobs)
    if notice is not None:
        assert [kept.read_bytes() for kept in backups(tmp_path)] == [data]


@pytest.mark.parametrize("seed", range(12))
def test_around_garbage_pages_the_rest_is_saved(tmp_path, seed):
    path = fill(tmp_path)
    roots = [1] + [root_page(path, name) for name in ("jobs", "requests", "outcomes")]
    pages = path.stat().st_size // PAGE
    chance = random.Random(seed)
    hit = [page for page in chance.sample(range(2, pages + 1), 3) if page not in roots]
    for page in hit:
        overwrite(path, page, garbage(seed) if seed % 2 else bytes(PAGE))
    damaged = path.read_bytes()
    notice, jobs, _ = look(tmp_path)
    if notice is None:  # content inside a chain of overflow pages is not told from data by any check
        assert len(jobs) == ENDED + 1 + WAITING
        return
    (kept,) = backups(tmp_path)
    assert kept.read_bytes() == damaged
    assert len(jobs) > (ENDED + 1 + WAITING) * 0.4
    assert len({job.id for job in jobs}) == len(jobs)


def test_with_the_first_page_lost_everything_is_saved(tmp_path):
    path = fill(tmp_path)
    overwrite(path, 1, garbage(2))
    jobs = check_salvaged(tmp_path, path.read_bytes())
    assert len(jobs) == ENDED + 1 + WAITING
    assert all(job.prompt for job in jobs)


def test_a_damaged_index_costs_nothing(tmp_path):
    path = fill(tmp_path)
    overwrite(path, root_page(path, "jobs_by_status"), bytes(PAGE))
    jobs = check_salvaged(tmp_path, path.read_bytes())
    assert len(jobs) == ENDED + 1 + WAITING and all(job.prompt for job in jobs)


@pytest.mark.parametrize("table", ["jobs", "requests", "outcomes", "sqlite_sequence", "kept_values"])
def test_a_table_that_is_lost_is_reported(tmp_path, table):
    path = fill(tmp_path)
    overwrite(path, root_page(path, table), garbage(3))
    jobs = check_salvaged(tmp_path, path.read_bytes())
    if table == "requests":  # without their prompts, jobs are nothing
        assert jobs == []
    else:
        assert [job.id for job in jobs] == [*(f"e{i}" for i in range(ENDED)), "ran", *(f"w{i}" for i in range(WAITING))]
        assert [job.status for job in jobs] == ["success"] * ENDED + ["pending"] * (1 + WAITING)


def test_newer_changes_in_the_log_are_salvaged_too(tmp_path):
    """A server that was killed leaves its latest changes in the write-ahead log alone."""

    async def main() -> tuple[bytes, bytes]:
        async with opened(tmp_path / "used") as store:
            await store.database.write(lambda db: None)
            await submit_all(store, *(f"w{i}" for i in range(5)))
            path = store.database.path
            return path.read_bytes(), path.with_name(path.name + "-wal").read_bytes()

    data, log = asyncio.run(main())
    assert len(log) > PAGE
    damaged = garbage(4) + data[PAGE:]
    (tmp_path / "jobs.db").write_bytes(damaged)
    (tmp_path / "jobs.db-wal").write_bytes(log)
    notice, jobs, _ = look(tmp_path)
    assert len(jobs) == 5
    if notice is not None:
        kept = [path for path in backups(tmp_path) if not path.name.endswith("-shm")]
        assert [path.read_bytes() for path in kept] == [damaged, log]


def test_a_log_cut_anywhere_keeps_a_beginning_of_what_was_done(tmp_path):
    """As after a power cut in the middle of a write."""

    async def main() -> tuple[bytes, bytes]:
        async with opened(tmp_path / "used") as store:
            await submit_all(store, *(f"w{i}" for i in range(20)))
            path = store.database.path
            return path.read_bytes(), path.with_name(path.name + "-wal").read_bytes()

    data, log = asyncio.run(main())
    chance = random.Random(5)
    counts: list[int] = []
    for size in sorted([*chance.sample(range(len(log)), 25), len(log)]):
        folder = tmp_path / str(size)
        folder.mkdir()
        (folder / "jobs.db").write_bytes(data)
        (folder / "jobs.db-wal").write_bytes(log[:size])
        notice, jobs, _ = look(folder)
        assert notice is None
        assert [job.id for job in jobs] == [f"w{i}" for i in range(len(jobs))]
        counts.append(len(jobs))
    assert counts == sorted(counts) and counts[-1] == 20 and len(set(counts)) > 5


def test_spoilt_content_of_one_job_does_not_stop_the_queue(tmp_path):
    path = fill(tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        for spoilt in ("e1", "w0"):
            connection.execute(
                "UPDATE requests SET prompt = ?, extra = '[1' WHERE seq = (SELECT seq FROM jobs WHERE id = ?)",
                (b"\0" * 500, spoilt),
            )
        connection.execute("UPDATE outcomes SET outcome = x'78ff' WHERE seq = 2")
        connection.commit()

    async def main() -> None:
        async with opened(tmp_path) as store:
            assert len(await store.history()) == ENDED
            claimed = [await store.claim("w") for _ in range(1 + WAITING)]
            assert [(job.id, bool(job.prompt)) for job in claimed if job][:3] == [
                ("ran", True),
                ("w0", False),
                ("w1", True),
            ]

    asyncio.run(main())


def test_several_damages_are_kept_apart(tmp_path):
    for content in (b"first", b"second"):
        (tmp_path / "jobs.db").write_bytes(content)
        asyncio.run(_open_and_close(tmp_path))
    assert [path.read_bytes() for path in backups(tmp_path)] == [b"first", b"second"]


def test_a_salvage_that_was_cut_off_at_its_last_step_is_finished(tmp_path):
    path = fill(tmp_path)
    path.rename(
        path.with_name("jobs.db.salvaged")
    )  # the damaged file has been moved away, the new one not yet in place
    notice, jobs, _ = look(tmp_path)
    assert notice is None and len(jobs) == ENDED + 1 + WAITING


def test_a_newer_database_is_refused_and_left_alone(tmp_path):
    path = fill(tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DROP VIEW version_of_jobs")
        connection.execute("CREATE VIEW version_of_jobs AS SELECT 99 AS version")
    before = path.read_bytes()
    with pytest.raises(StoreTooNew, match=r"newer Weft.*99.*--workspace"):
        asyncio.run(_open_and_close(tmp_path))
    assert path.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["jobs.db"]


def test_another_programs_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "jobs.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url)")
    before = path.read_bytes()
    with pytest.raises(StoreForeign, match="another program"):
        asyncio.run(_open_and_close(tmp_path))
    assert path.read_bytes() == before


def test_a_folder_in_the_files_place_is_told(tmp_path):
    (tmp_path / "jobs.db").mkdir()
    with pytest.raises(StoreError, match=r"jobs\.db.* cannot be opened"):
        asyncio.run(_open_and_close(tmp_path))
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be opened"):
        asyncio.run(_open_and_close(tmp_path / "file"))


async def _open_and_close(folder: Path) -> None:
    async with opened(folder):
        pass


def test_when_both_a_job_and_its_outcome_are_lost_it_does_not_run_again(tmp_path):
    path = fill(tmp_path)
    overwrite(path, root_page(path, "jobs"), garbage(3))
    overwrite(path, root_page(path, "outcomes"), garbage(3))
    jobs = check_salvaged(tmp_path, path.read_bytes())
    assert len(jobs) == ENDED + 1 + WAITING
    assert {job.status for job in jobs} == {"error"}


def test_no_space_for_the_salvage_loses_nothing(tmp_path, monkeypatch):
    path = fill(tmp_path)
    overwrite(path, root_page(path, "jobs_by_status"), bytes(PAGE))
    damaged = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(copying, "connect_new", lambda fresh: _tiny(fresh))
        with pytest.raises(StoreFull, match="full"):
            asyncio.run(_open_and_close(tmp_path))
    assert path.read_bytes() == damaged and backups(tmp_path) == []
    assert len(check_salvaged(tmp_path, damaged)) == ENDED + 1 + WAITING


def _tiny(path: Path) -> sqlite3.Connection:
    """A file that may not grow beyond some pages, as on a full disk."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA max_page_count = 40")
    return connection
