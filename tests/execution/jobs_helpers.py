"""Short ways to make stores and jobs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from execution.jobs.records import NewJob, Outcome
from execution.jobs.store import JobStore

PROMPT = {
    str(i): {"class_type": "KSampler", "inputs": {"seed": 2**63 + i, "cfg": 8.0, "model": ["1", 0], "text": "ä\0😀"}}
    for i in range(10)
}
DONE = Outcome("success")


class Clock:
    """Unix milliseconds that pass one by one, or as the test says."""

    def __init__(self) -> None:
        self.now = 1_700_000_000_000

    def __call__(self) -> int:
        self.now += 1
        return self.now


def new(job_id: str, **fields: Any) -> NewJob:
    return NewJob(job_id, fields.pop("prompt", PROMPT), fields.pop("targets", ("9",)), **fields)


@asynccontextmanager
async def opened(folder: Path, **options: Any) -> AsyncIterator[JobStore]:
    store = await JobStore.open(folder / "jobs.db", **options)
    try:
        yield store
    finally:
        await store.close()


def with_store(folder: Path, test: Callable[[JobStore], Awaitable[None]], **options: Any) -> None:
    """Run a test with a store in this folder."""

    async def main() -> None:
        async with opened(folder, **options) as store:
            await test(store)

    asyncio.run(main())


async def submit_all(store: JobStore, *ids: str, **fields: Any) -> None:
    for job_id in ids:
        await store.submit(new(job_id, **fields))


async def run_all(store: JobStore, *ids: str, outcome: Outcome = DONE) -> None:
    """Submit jobs and have each run and end, in this order."""
    for job_id in ids:
        await store.submit(new(job_id))
        claimed = await store.claim("w")
        assert claimed is not None and claimed.id == job_id
        await store.finish(job_id, outcome)


async def pending_ids(store: JobStore) -> list[str]:
    return [job.id for job in (await store.queue())[1]]


async def running_ids(store: JobStore) -> list[str]:
    return [job.id for job in (await store.queue())[0]]
