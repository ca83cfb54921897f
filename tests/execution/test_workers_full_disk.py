"""A store that cannot be written: the queue is paused and says why, nothing is lost, and it goes on by itself."""

import asyncio
import os
import signal
import sqlite3

import pytest

from execution.events import NodeFinished, NodeStarted, Progress
from execution.jobs.errors import StoreDamaged, StoreFull
from execution.jobs.store import JobStore
from execution.workers import board
from execution.workers.news import JobEnded, JobRetried, JobStarted, QueueChanged
from tests.execution.worker_helpers import bench, one

FULL = "The job database cannot be written: its disk is full. Free some space; then go on."


class FullStore(JobStore):
    """A real store whose disk is full while `full` is set."""

    full = False

    def _check(self):
        if self.full:
            raise StoreFull(FULL)

    async def claim(self, worker, choose=None):
        self._check()
        return await super().claim(worker, choose)

    async def finish(self, job_id, outcome):
        self._check()
        return await super().finish(job_id, outcome)

    async def give_back(self, job_id, count_attempt):
        self._check()
        return await super().give_back(job_id, count_attempt)

    async def cancel_pending(self, ids=None):
        self._check()
        return await super().cancel_pending(ids)

    async def resume(self):
        self._check()
        await super().resume()

    async def pause(self, reason):
        if self.full:
            self._set_paused(reason)
        else:
            await super().pause(reason)


@pytest.fixture
def often(monkeypatch):
    monkeypatch.setattr(board, "RETRY_EVERY", 0.02)


def test_an_outcome_that_cannot_be_written_waits(tmp_path, often):
    async def main():
        store = await FullStore.open(tmp_path / "jobs.sqlite3")
        async with bench(tmp_path, store=store) as b:
            job = await b.submit(one("Wait", seconds=0.05, text="kept"))
            later = await b.submit(one("Seeded"))
            await b.watch.told(job, NodeStarted)
            store.full = True
            await b.watch.until(lambda: b.dispatcher.paused)
            assert b.dispatcher.paused == FULL
            assert QueueChanged(2, FULL) in b.watch.news
            assert not b.watch.of(JobEnded)
            assert [one.id for one in b.dispatcher.running] == [job]
            assert "The queue is paused." in b.log()
            with pytest.raises(StoreFull):
                await b.dispatcher.resume()
            assert b.dispatcher.paused == FULL
            store.full = False
            ended = await b.watch.ended(job)
            assert (ended.status, ended.outcome.outputs) == ("success", {"1": {"text": ["kept"]}})
            assert (await b.watch.ended(later)).status == "success"
            assert b.dispatcher.paused is None
            assert [n.job.id for n in b.watch.of(JobStarted)] == [job, later]
            assert [n.job.id for n in b.watch.of(JobEnded)] == [job, later]

    asyncio.run(main())


def test_resuming_by_hand_writes_first(tmp_path):
    async def main():
        store = await FullStore.open(tmp_path / "jobs.sqlite3")
        async with bench(tmp_path, store=store) as b:
            job = await b.submit(one("Wait", seconds=0.05))
            await b.watch.told(job, NodeStarted)
            store.full = True
            await b.watch.until(lambda: b.dispatcher.paused)
            store.full = False
            await b.dispatcher.resume()
            assert b.watch.of(JobEnded)[-1].job.id == job
            assert b.dispatcher.paused is None

    asyncio.run(main())


def test_a_claim_that_cannot_be_written_pauses_too(tmp_path, often):
    async def main():
        store = await FullStore.open(tmp_path / "jobs.sqlite3")
        async with bench(tmp_path, store=store) as b:
            await b.ready()
            store.full = True
            job = await b.submit(one("Seeded"))  # the last page that fitted
            await b.watch.until(lambda: b.dispatcher.paused)
            assert not b.watch.of(JobStarted)
            store.full = False
            assert (await b.watch.ended(job)).status == "success"

    asyncio.run(main())


def test_a_job_whose_worker_dies_meanwhile_runs_again_afterwards(tmp_path, often):
    async def main():
        store = await FullStore.open(tmp_path / "jobs.sqlite3")
        async with bench(tmp_path, store=store) as b:
            job = await b.submit(one("Act", what="stuck", again=str(tmp_path / "mark")))
            await b.watch.told(job, Progress)
            store.full = True
            os.kill(b.dispatcher.workers[0].pid, signal.SIGKILL)
            await b.watch.until(lambda: b.dispatcher.paused)
            assert not b.watch.of(JobRetried)
            store.full = False
            assert (await b.watch.ended(job)).status == "success"
            assert len(b.watch.of(JobRetried)) == 1

    asyncio.run(main())


def test_a_pause_of_the_users_own_stays(tmp_path, often):
    async def main():
        store = await FullStore.open(tmp_path / "jobs.sqlite3")
        async with bench(tmp_path, store=store) as b:
            job = await b.submit(one("Wait", seconds=0.05))
            await b.watch.told(job, NodeStarted)
            await b.dispatcher.pause("lunch")
            store.full = True
            await b.watch.told(job, NodeFinished)
            await asyncio.sleep(0.1)
            assert b.dispatcher.paused == "lunch"
            store.full = False
            assert (await b.watch.ended(job)).status == "success"
            assert b.dispatcher.paused == "lunch"

    asyncio.run(main())


def test_an_outcome_never_written_means_the_job_runs_again_at_the_next_start(tmp_path):
    async def main():
        store = await FullStore.open(tmp_path / "jobs.sqlite3")
        async with bench(tmp_path, store=store) as b:
            job = await b.submit(one("Wait", seconds=0.05))
            await b.watch.told(job, NodeStarted)
            store.full = True
            await b.watch.until(lambda: b.dispatcher.paused)
        assert "will run again at the next start" in b.log()
        async with bench(tmp_path) as b:
            ended = await b.watch.ended(job)
            assert (ended.status, ended.attempts) == ("success", 1)

    asyncio.run(main())


def test_a_job_whose_node_finds_the_disk_full_waits_for_room(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            job = await b.submit(one("Act", what="no room", again=str(tmp_path / "mark")))
            later = await b.submit(one("Seeded"))
            await b.watch.until(lambda: b.dispatcher.paused)
            assert "node 1 (Act)" in b.dispatcher.paused and "Free some space" in b.dispatcher.paused
            await b.watch.until(lambda: b.watch.of(JobRetried))
            assert not b.watch.of(JobEnded)
            _, pending = await b.dispatcher.store.queue()
            assert [one.id for one in pending] == [job, later]
            await b.dispatcher.resume()
            ended = await b.watch.ended(job)
            assert (ended.status, ended.attempts) == ("success", 1)
            assert (await b.watch.ended(later)).status == "success"

    asyncio.run(main())


def test_a_cancelled_job_does_not_wait_for_room(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            job = await b.submit(one("Act", what="late no room"))
            await b.watch.told(job, NodeStarted)
            await b.dispatcher.cancel(job)
            await b.watch.ended(job)
            assert b.dispatcher.paused is None

    asyncio.run(main())


@pytest.mark.parametrize("error", [StoreDamaged("a page is spoilt"), sqlite3.OperationalError("out of nowhere")])
def test_whatever_keeps_the_store_from_writing_pauses_and_ends(tmp_path, often, monkeypatch, error):
    async def main():
        store = await JobStore.open(tmp_path / "jobs.sqlite3")

        async def refused(*_):
            raise error

        async with bench(tmp_path, store=store) as b:
            await b.ready()
            job = await b.submit(one("Wait", seconds=0.05))
            await b.watch.told(job, NodeStarted)
            with monkeypatch.context() as patched:
                patched.setattr(store.database, "write", refused)
                await b.watch.until(lambda: b.dispatcher.paused)
                assert b.dispatcher.paused == str(error)
                await asyncio.sleep(5 * board.RETRY_EVERY)  # some tries more
            assert (await b.watch.ended(job)).status == "success"
            assert (await b.run(one("Seeded"))).status == "success"
            job = await b.submit(one("Wait", seconds=0.05, text="another"))
            await b.watch.told(job, NodeStarted)
            monkeypatch.setattr(store.database, "write", refused)
            await b.watch.until(lambda: b.dispatcher.paused)
        assert "will run again at the next start" in b.log()

    asyncio.run(main())
