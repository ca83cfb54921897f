"""A full disk, a read-only one, a locked file: told as a state, nothing accepted is lost, and it goes on afterwards."""

import asyncio
import contextlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from execution.jobs import connection
from execution.jobs.errors import StoreFull
from execution.jobs.store import JobStore
from tests.execution.jobs_helpers import DONE, new, opened, pending_ids, with_store

BIG = {str(i): {"class_type": "Note", "inputs": {"text": os.urandom(2_000).hex()}} for i in range(20)}  # 40 kB packed


async def fill(store: JobStore, at_once: int = 1, most: int = 2_000) -> list[str]:
    """Submit until nothing fits; the ids that were accepted."""
    accepted: list[str] = []
    for start in range(0, most, at_once):
        ids = [f"j{i}" for i in range(start, start + at_once)]
        results = await asyncio.gather(
            *(store.submit(new(job_id, prompt=BIG)) for job_id in ids), return_exceptions=True
        )
        failed = [result for result in results if isinstance(result, BaseException)]
        accepted += [job_id for job_id, result in zip(ids, results, strict=True) if result not in failed]
        if failed:
            assert all(type(error) is StoreFull for error in failed)
            assert "cannot be written" in str(failed[0]) and "then go on" in str(failed[0])
            return accepted
    raise AssertionError("the disk never filled")


async def check_full_and_free(store: JobStore, accepted: list[str]) -> None:
    """While the disk is full: what was accepted is there, and pausing works."""
    assert sorted(await pending_ids(store)) == sorted(accepted) and store.remaining == len(accepted)
    await store.pause("The disk is full.")
    assert store.paused == "The disk is full."
    assert await store.claim("w") is None


async def check_goes_on(store: JobStore, accepted: list[str]) -> None:
    waiting = await pending_ids(store)
    await store.resume()
    assert store.paused is None
    await store.submit(new("after"))
    first = await store.claim("w")
    assert first is not None and first.id == waiting[0] and first.prompt == BIG
    assert await store.finish(first.id, DONE) is not None
    assert await pending_ids(store) == [*waiting[1:], "after"]
    assert store.remaining == len(accepted)


@pytest.mark.parametrize("at_once", [1, 7])
def test_a_file_that_may_not_grow(tmp_path, at_once):
    async def limit(store: JobStore, pages: int) -> None:
        await store.database.write(lambda db: db.execute(f"PRAGMA max_page_count = {pages}").fetchall())

    async def test(store: JobStore) -> None:
        await limit(store, 150)
        accepted = await fill(store, at_once)
        assert len(accepted) > 5
        await check_full_and_free(store, accepted)
        await limit(store, 10_000)
        await check_goes_on(store, accepted)

    with_store(tmp_path, test)


def test_the_small_still_fit_when_the_large_does_not(tmp_path):
    """All that wait are written together; when that fails, each has its chance alone."""

    async def test(store: JobStore) -> None:
        await store.submit(new("first"))
        await store.database.write(
            lambda db: db.execute(
                f"PRAGMA max_page_count = {db.execute('PRAGMA page_count').fetchone()[0] + 4}"
            ).fetchall()
        )
        results = await asyncio.gather(
            store.submit(new("small", prompt={})),
            store.submit(new("large", prompt=BIG)),
            store.move("first", 9),
            store.submit(new("tiny", prompt={})),
            return_exceptions=True,
        )
        assert [type(result).__name__ for result in results] == ["Submitted", "StoreFull", "bool", "Submitted"]
        assert await pending_ids(store) == ["small", "tiny", "first"]
        assert store.remaining == 3

    with_store(tmp_path, test)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of its own in memory."""
    disk = folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs to be root, outside of most containers")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


needs_mount = pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")


@needs_mount
@pytest.mark.parametrize("at_once", [1, 7])
def test_a_disk_that_is_really_full(tmp_path, at_once):
    async def main(disk: Path) -> None:
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(3 * 2**20))
        async with opened(disk) as store:
            accepted = await fill(store, at_once)
            assert len(accepted) > 5
            await check_full_and_free(store, accepted)
            ballast.unlink()
            await check_goes_on(store, accepted)
        async with opened(disk) as store:
            assert store.notice is None
            assert len(await pending_ids(store)) == len(accepted)

    with small_disk(tmp_path, "6M") as disk:
        asyncio.run(main(disk))


@needs_mount
def test_a_server_that_dies_with_its_disk_full_starts_again(tmp_path):
    async def main(disk: Path) -> None:
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(3 * 2**20))
        async with opened(disk) as store:
            accepted = await fill(store)
            await store.claim("w")
            copies = {path.name: path.read_bytes() for path in disk.glob("jobs.db*")}  # as a kill would leave them
        for name, data in copies.items():
            (disk / name).unlink(missing_ok=True)
            (disk / name).write_bytes(data)
        with (disk / "more").open("wb", buffering=0) as more, pytest.raises(OSError):
            while True:
                more.write(bytes(4096))
        with contextlib.suppress(StoreFull):  # it may start or not, but never take the file for a damaged one
            async with opened(disk) as store:
                assert store.notice is None and len(await pending_ids(store)) == len(accepted)
        (disk / "more").unlink()
        ballast.unlink()
        async with opened(disk) as store:
            assert store.notice is None and await pending_ids(store) == accepted

    with small_disk(tmp_path, "6M") as disk:
        asyncio.run(main(disk))


@needs_mount
def test_a_disk_that_becomes_read_only(tmp_path):
    async def main(disk: Path) -> None:
        async with opened(disk) as store:
            await store.submit(new("a", prompt=BIG))
            # A disk with files open for writing refuses to become read-only, so the writer is told that it is.
            writing = store.database._writer._connection
            writing.execute("PRAGMA query_only = ON")
            with pytest.raises(StoreFull, match="read-only"):
                await store.submit(new("b"))
            await check_full_and_free(store, ["a"])
            writing.execute("PRAGMA query_only = OFF")
            await check_goes_on(store, ["a"])
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(StoreFull, match=r"jobs\.db"):
            async with opened(disk):
                pass

    with small_disk(tmp_path, "6M") as disk:
        asyncio.run(main(disk))


def test_a_file_that_another_program_keeps_locked(tmp_path, monkeypatch):
    monkeypatch.setattr(connection, "PATIENCE", 0.05)

    async def test(store: JobStore) -> None:
        await store.submit(new("a", prompt=BIG))
        with closing(sqlite3.connect(tmp_path / "jobs.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreFull, match="another program keeps it locked"):
                await store.submit(new("b"))
            await check_full_and_free(store, ["a"])
            other.execute("ROLLBACK")
        await check_goes_on(store, ["a"])

    with_store(tmp_path, test)
