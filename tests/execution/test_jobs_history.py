"""The history: order, windows, pages, deletion, its bound."""

import asyncio

from execution.jobs import history
from execution.jobs.records import Outcome
from execution.jobs.store import PRUNE_EVERY, JobStore
from tests.execution.jobs_helpers import DONE, Clock, new, opened, run_all, submit_all, with_store


def ids(jobs) -> list[str]:
    return [job.id for job in jobs]


def test_windows_of_the_history(tmp_path):
    async def test(store: JobStore) -> None:
        names = [f"j{i}" for i in range(5)]
        await run_all(store, *names)
        everything = [
            (None, None, names),
            (None, 0, names),
            (None, 2, names[2:]),
            (2, None, names[3:]),
            (2, 0, names[3:]),
            (2, 1, names[1:3]),
            (2, 4, names[4:]),
            (2, 5, []),
            (99, None, names),
            (99, 3, names[3:]),
            (0, None, []),
            (-1, None, []),
            (None, -3, names),
        ]
        for max_items, offset, expected in everything:
            assert ids(await store.history(max_items, offset)) == expected, (max_items, offset)

    with_store(tmp_path, test, clock=Clock())


def test_the_history_is_in_the_order_of_ending(tmp_path):
    async def test(store: JobStore) -> None:
        await submit_all(store, "a", "b", "c")
        for _ in range(3):
            await store.claim("w")
        for name in ("c", "a", "b"):
            await store.finish(name, DONE)
        assert ids(await store.history()) == ["c", "a", "b"]
        assert ids(await store.history(1)) == ["b"]
        assert (await store.history(1))[0].prompt == new("x").prompt

    with_store(tmp_path, test, clock=Clock())


def test_pages_of_jobs_by_status(tmp_path):
    async def test(store: JobStore) -> None:
        await run_all(store, "good")
        await run_all(store, "bad", outcome=Outcome("error"))
        await submit_all(store, "run", "wait", "never")
        await store.claim("w")
        await store.cancel_pending(["never"])

        async def page(*args, **options) -> tuple[list[str], int]:
            jobs, total = await store.jobs(*args, **options)
            return ids(jobs), total

        assert await page() == (["never", "wait", "run", "bad", "good"], 5)
        assert await page(newest_first=False) == (["good", "bad", "run", "wait", "never"], 5)
        assert await page(limit=2, offset=1) == (["wait", "run"], 5)
        assert await page(limit=0) == ([], 5)
        assert await page(offset=9) == ([], 5)
        assert await page(["success", "error"]) == (["bad", "good"], 2)
        assert await page(["pending", "running"], limit=1) == (["wait"], 2)
        assert await page(["cancelled"]) == (["never"], 1)
        assert await page([]) == ([], 0)

    with_store(tmp_path, test)


def test_only_ended_jobs_are_deleted(tmp_path):
    async def main() -> None:
        async with opened(tmp_path) as store:
            await run_all(store, "a", "b", "c")
            await submit_all(store, "run", "wait")
            await store.claim("w")
            assert await store.delete_ended(["a", "run", "wait", "unknown"]) == 1
            assert await store.delete_ended(["a"]) == 0
            assert ids(await store.history()) == ["b", "c"]
            assert await store.delete_ended(None) == 2
            assert await store.history() == [] and store.remaining == 2
            left = await store.database.read(
                lambda db: [db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("requests", "outcomes")]
            )
            assert left == [2, 0]

    asyncio.run(main())


def test_many_are_deleted_while_others_go_on(tmp_path):
    async def test(store: JobStore) -> None:
        await asyncio.gather(*(store.submit(new(f"j{i}")) for i in range(1_200)))
        await store.cancel_pending(None)
        deleted, _, claimed = await asyncio.gather(store.delete_ended(None), store.submit(new("new")), store.claim("w"))
        assert deleted == 1_200
        assert claimed is not None and claimed.id == "new"

    with_store(tmp_path, test)


def test_the_oldest_are_forgotten_beyond_the_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(history, "KEPT", 20)

    async def main() -> None:
        count = 2 * PRUNE_EVERY
        async with opened(tmp_path, clock=Clock()) as store:
            await run_all(store, *(f"j{i}" for i in range(count)))
            assert (await store.jobs(limit=0))[1] == 20
            await run_all(store, "one more", "and another")
            newest = [*(f"j{i}" for i in range(count - 18, count)), "one more", "and another"]
            assert ids(await store.history()) == newest  # at once, though two more lie in the file
            assert ids(await store.history(3, 1)) == newest[1:4]
            assert ids(await store.history(None, 15)) == newest[15:]
            await submit_all(store, *(f"c{i}" for i in range(PRUNE_EVERY)))
            await store.cancel_pending(None)
            assert len((await store.jobs(["cancelled"]))[0]) == 20  # and they push no other out
            assert ids(await store.history()) == newest
        async with opened(tmp_path) as store:
            assert (await store.jobs(["success"], limit=0))[1] == 20

    asyncio.run(main())


def test_one_by_one(tmp_path):
    async def test(store: JobStore) -> None:
        names = [f"j{i}" for i in range(70)]  # several parts
        await run_all(store, *names)
        seen = []
        async for job in store.each_in_history():
            seen.append(job.id)
            if len(seen) == 1:
                await store.delete_ended(["j60"])  # gone before its turn
        assert seen == [name for name in names if name != "j60"]

    with_store(tmp_path, test, clock=Clock())
