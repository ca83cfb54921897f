"""Cancelling: what waits, what runs, and what does not listen."""

import asyncio

import pytest

from execution.events import NodeStarted, Progress
from execution.workers.news import JobEnded, JobRetried, JobStarted
from execution.workers.running import AGAIN
from tests.execution.worker_helpers import bench, chain, one


def test_a_running_job_stops_where_it_reports_progress(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            await b.ready()
            pid = b.dispatcher.workers[0].pid
            prompt = chain(("Text", {"text": "a"}), ("Show", {"text": "<"}), ("Steps", {"count": 100_000}))
            prompt["3"]["inputs"] |= {"seconds": 0.01, "text": ["1", 0]}
            job = await b.submit(prompt)
            after = await b.submit(one("Seeded"))
            await b.watch.told(job, Progress)
            assert await b.dispatcher.cancel(job) == "running"
            ended = await b.watch.ended(job)
            assert (ended.status, ended.outcome.cancelled_at) == ("cancelled", ("3", "Steps"))
            assert ended.outcome.outputs == {"2": {"text": ["a"]}}
            assert (await b.watch.ended(after)).status == "success"
            assert b.dispatcher.workers[0].pid == pid
            assert await b.dispatcher.cancel(job) is None
            assert await b.dispatcher.cancel("nobody") is None

    asyncio.run(main())


def test_an_async_node_is_cancelled_at_once(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            job = await b.submit(one("Wait", seconds=3600))
            await b.watch.told(job, NodeStarted)
            await b.dispatcher.interrupt("another")
            assert not b.watch.of(JobEnded)
            await b.dispatcher.interrupt()
            assert (await b.watch.ended(job)).status == "cancelled"

    asyncio.run(main())


@pytest.mark.parametrize("what", ["stuck", "native"])
def test_a_job_that_does_not_listen_is_ended_with_its_worker(tmp_path, what):
    async def main():
        async with bench(tmp_path, grace=0.2) as b:
            await b.ready()
            pid = b.dispatcher.workers[0].pid
            job = await b.submit(one("Act", what=what))
            after = await b.submit(one("Seeded"))
            await b.watch.told(job, NodeStarted)
            await b.dispatcher.cancel(job)
            ended = await b.watch.ended(job)
            assert (ended.status, ended.attempts) == ("cancelled", 1)
            assert ended.outcome.cancelled_at == ("1", "Act")
            assert ended.outcome.error is None
            assert (await b.watch.ended(after)).status == "success"
            assert b.dispatcher.workers[0].pid != pid
            assert not b.watch.of(JobRetried)
            assert "did not stop when cancelled" in b.log()

    asyncio.run(main())


def test_cancelling_again_is_impatience(tmp_path):
    async def main():
        async with bench(tmp_path, grace=3600.0) as b:
            job = await b.submit(one("Act", what="stuck"))
            await b.watch.told(job, NodeStarted)
            await b.dispatcher.cancel(job)
            await b.dispatcher.cancel(job)  # a double click
            running = b.dispatcher.progress(job)
            assert running is not None
            await asyncio.sleep(AGAIN + 0.05)
            assert not b.watch.of(JobEnded)
            await b.dispatcher.cancel(job)
            assert (await b.watch.ended(job)).status == "cancelled"

    asyncio.run(main())


def test_a_job_cancelled_while_it_is_being_claimed_is_never_lost(tmp_path):
    """Whatever moment it is, the job ends once, and as one of the two."""

    async def main():
        async with bench(tmp_path) as b:
            await b.ready()
            for turn in range(60):
                job = await b.submit(one("Wait", seconds=3600))
                for _ in range(turn % 6):
                    await asyncio.sleep(0)
                assert await b.dispatcher.cancel(job) in ("pending", "running")
                assert (await b.watch.ended(job)).status == "cancelled"
            assert len(b.watch.of(JobEnded)) == 60
            assert b.dispatcher.remaining == 0

    asyncio.run(main())


def test_a_job_cancelled_when_it_has_ended_stays_what_it_was(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            await b.ready()
            for _ in range(40):
                job = await b.submit(one("Seeded"))
                await b.watch.until(lambda job=job: any(n.job.id == job for n in b.watch.of(JobStarted)))
                await b.dispatcher.cancel(job)
                ended = await b.watch.ended(job)
                assert ended.status == ended.outcome.status
                assert ended.status in ("success", "cancelled")
            assert len(b.watch.of(JobEnded)) == 40
            assert (await b.run(one("Seeded"))).status == "success"

    asyncio.run(main())
