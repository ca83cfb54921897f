"""Jobs that go well, and nodes that fail: what is told, and what is recorded."""

import asyncio

import pytest

from execution.events import Cached, NodeFinished, NodeStarted, Started, UiOutput
from execution.jobs.errors import JobExists
from execution.jobs.records import NewJob
from execution.workers.news import CatalogueChanged, JobEnded, JobQueued, JobStarted, QueueChanged
from folders.job_files import JobFiles, Published
from tests.execution.worker_helpers import bench, chain, one

THREE = chain(("Text", {"text": "a"}), ("Join", {"a": "<", "b": "c"}), ("Show", {"text": "<"}))


def kinds(watch, job):
    """What was told of a job, by name."""
    return [type(getattr(n, "event", n)).__name__ for n in watch.news if getattr(n, "job", None) and n.job.id == job]


def test_a_run_is_told_in_order_and_recorded(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            job = await b.run(THREE)
            assert kinds(b.watch, job.id) == [
                "JobQueued", "JobStarted", "Started", "Cached",
                "NodeStarted", "NodeFinished", "NodeStarted", "NodeFinished",
                "NodeStarted", "UiOutput", "NodeFinished", "JobEnded",
            ]  # fmt: skip
            outcome = job.outcome
            assert outcome.status == job.status == "success"
            assert outcome.outputs == {"3": {"text": ["ac"]}}
            assert outcome.meta["3"] == {
                "node_id": "3",
                "display_node": "3",
                "parent_node": None,
                "real_node_id": "3",
            }
            assert (outcome.cached, outcome.executed) == ((), ("1", "2", "3"))
            assert outcome.seconds > 0
            assert b.watch.events(job.id, Started)[0].nodes == 3
            assert (job.worker, job.attempts) == ("small", 1)

    asyncio.run(main())


def test_what_is_told_is_already_kept(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            found = []

            def hear(news):
                if isinstance(news, JobEnded):
                    found.append(asyncio.ensure_future(b.dispatcher.store.get(news.job.id)))

            b.dispatcher.listen(hear)
            await b.run(THREE)
            (job,) = await asyncio.gather(*found)
            assert job.status == "success"
            assert job.outcome.outputs == {"3": {"text": ["ac"]}}

    asyncio.run(main())


def test_a_second_run_is_known_and_shows_the_same(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            await b.run(THREE)
            again = await b.run(THREE)
            assert again.outcome.cached == ("1", "2", "3")
            assert again.outcome.executed == ()
            assert again.outcome.outputs == {"3": {"text": ["ac"]}}
            assert [type(e) for e in b.watch.events(again.id)] == [Started, Cached, UiOutput]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("what", "kind", "message"),
    [("raise", "RuntimeError", "boom"), ("odd", "ValueError", "\udcff"), ("allocate", "MemoryError", "MemoryError")],
)
def test_a_node_that_raises(tmp_path, what, kind, message):
    async def main():
        async with bench(tmp_path) as b:
            job = await b.run(chain(("Text", {"text": "a"}), ("Act", {"what": what, "text": "<"})))
            error = job.outcome.error
            assert (job.status, job.attempts) == ("error", 1)
            assert (error.kind, error.node, error.node_type) == ("node", "2", "Act")
            assert (error.exception_type, error.message) == (kind, message)
            assert dict(error.inputs)["what"] == [what]
            assert dict(error.inputs)["text"] == ["a"]
            assert "small_worker.py" in error.traceback[-1]
            assert job.outcome.executed == ("1", "2")
            assert (await b.run(THREE)).status == "success"

    asyncio.run(main())


def test_prompts_that_cannot_run_at_all_fail_alone(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            job = await b.run(one("Nope"), targets=["1"])
            assert job.outcome.error.node == "1"
            assert "no node type Nope" in job.outcome.error.message
            job = await b.run({"1": 5}, targets=["1"])
            assert job.outcome.error.kind == "server"
            assert "not an object" in job.outcome.error.message
            job = await b.run(THREE, targets=["77"])
            assert job.outcome.error.kind == "server"
            assert (await b.run(THREE)).status == "success"

    asyncio.run(main())


def test_outputs_that_json_lacks(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            job = await b.run(one("Act", what="strange"))
            nan, thing, lone, nested, huge, large = job.outcome.outputs["1"]["text"]
            assert (nan, lone, nested, large) == ("nan", "\udcff", {"1": [2, 3]}, 2**64)
            assert "object" in thing
            assert huge.startswith("0x")
            assert b.watch.events(job.id, UiOutput)[0].output == job.outcome.outputs["1"]

    asyncio.run(main())


def test_an_output_that_cannot_be_looked_at_fails_its_job_alone(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            job = await b.run(one("Act", what="hostile"))
            assert job.outcome.error.kind == "server"
            assert "changed size" in job.outcome.error.message
            assert "A UiOutput could not be told" in b.log()
            job = await b.run(THREE)
            assert job.status == "success"
            assert len(b.watch.events(job.id, NodeFinished)) == 3

    asyncio.run(main())


def test_prints_never_reach_the_pipe(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            assert (await b.run(one("Act", what="print"))).status == "success"
            assert (await b.run(one("Act", what="large"))).outcome.outputs["1"]["text"][0] == "y" * 3_000_000
            log = b.log()
            assert "from a shell" in log
            assert "bytes that look like a message" in log
            assert "xxxx" in log

    asyncio.run(main())


def test_blocked_nodes_and_seeds_and_models(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            job = await b.run(chain(("Block", {"message": "not now"}), ("Show", {"text": "<"})))
            assert job.status == "success"
            assert job.outcome.blocked == ({"node": "2", "node_type": "Show", "message": "not now"},)
            prompt = {
                "1": {"class_type": "Number", "inputs": {"value": 2**64 - 1}},
                "2": {"class_type": "Seeded", "inputs": {"seed": ["1", 0]}},
                "3": {"class_type": "Seeded", "inputs": {"seed": 5}},
                "4": {"class_type": "Model", "inputs": {"name": "a"}},
            }
            job = await b.run(prompt)
            assert job.outcome.used == {
                "seeds": {"2": 2**64 - 1, "3": 5},
                "models": {"a": "digest of checkpoints/a"},
            }
            job = await b.run(one("Model", name="gone"))
            assert job.outcome.error.node == "1"
            assert "gone cannot be read" in job.outcome.error.message

    asyncio.run(main())


def test_a_thousand_jobs_run_in_order_and_none_is_lost(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            await b.dispatcher.pause("wait")
            ids = await asyncio.gather(*(b.submit(one("Seeded", seed=i), id=f"j{i:04}", number=i) for i in range(1000)))
            assert b.dispatcher.remaining == 1000
            assert not b.watch.of(JobStarted)
            await b.dispatcher.resume()
            await b.watch.until(lambda: len(b.watch.of(JobEnded)) == 1000)
            assert [n.job.id for n in b.watch.of(JobStarted)] == ids
            assert [n.job.id for n in b.watch.of(JobEnded)] == ids
            texts = [n.job.outcome.outputs["1"]["text"] for n in b.watch.of(JobEnded)]
            assert texts == [[str(i)] for i in range(1000)]
            assert b.dispatcher.remaining == 0
            assert len(await b.dispatcher.store.history()) == 1000

    asyncio.run(main())


def test_the_queue_pauses_moves_and_goes_on(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            await b.dispatcher.pause("lunch")
            assert b.watch.of(QueueChanged)[-1] == QueueChanged(0, "lunch")
            first, second, third = [await b.submit(one("Seeded", seed=i)) for i in range(3)]
            assert await b.dispatcher.move(third, -5)
            assert not await b.dispatcher.move("nobody", 1)
            assert await b.dispatcher.cancel(second) == "pending"
            assert b.dispatcher.paused == "lunch"
            assert b.dispatcher.remaining == 2
            await b.dispatcher.resume()
            await b.watch.ended(first)
            assert [n.job.id for n in b.watch.of(JobStarted)] == [third, first]
            assert (await b.watch.ended(second)).status == "cancelled"
            await b.dispatcher.pause("again")
            for _ in range(3):
                await b.submit(one("Seeded"))
            await b.dispatcher.delete_pending(["job-4", "unknown"])
            assert b.dispatcher.remaining == 2
            await b.dispatcher.clear_pending()
            assert b.dispatcher.remaining == 0

    asyncio.run(main())


def test_ids_and_keys_are_taken_once(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            new = NewJob("same", one("Seeded"), ("1",), idempotency_key="k", body_digest="d")
            assert not (await b.dispatcher.submit(new)).replayed
            assert (await b.dispatcher.submit(new)).replayed
            with pytest.raises(JobExists):
                await b.submit(one("Seeded"), id="same")
            await b.watch.ended("same")
            assert len(b.watch.of(JobQueued)) == 1

    asyncio.run(main())


def test_what_a_job_published_is_forgotten_when_it_has_ended(tmp_path):
    async def main():
        files = JobFiles(tmp_path / "journals")
        for job_id in ("mine", "stranger"):
            journal = files.open(job_id)
            journal.intend(Published("1", 0, "output", "", "a.png", "digest", 1))
            journal.close()
        async with bench(tmp_path, job_files=files) as b:
            await b.watch.until(lambda: b.dispatcher.catalogue)
            assert not list((tmp_path / "journals").glob("stranger*"))
            journal = files.open("mine")
            journal.intend(Published("1", 0, "output", "", "a.png", "digest", 1))
            journal.close()
            await b.run(THREE, id="mine")
        assert not list((tmp_path / "journals").iterdir())

    asyncio.run(main())


def test_progress_of_a_run_can_be_looked_up_by_who_comes_late(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            prompt = chain(("Text", {"text": "a"}), ("Wait", {"text": "<", "seconds": 3600}))
            job = await b.submit(prompt)
            await b.watch.told(job, NodeStarted, 2)
            progress = b.dispatcher.progress(job)
            assert (progress.total, progress.done, progress.node.id) == (2, 1, "2")
            assert [one.id for one in b.dispatcher.running] == [job]
            assert b.dispatcher.workers[0].job == job
            await b.dispatcher.interrupt(job)
            await b.watch.ended(job)
            assert b.dispatcher.progress(job) is None
            job = await b.submit(one("Steps", count=500, seconds=0.02))
            await b.watch.until(lambda: (p := b.dispatcher.progress(job)) and p.step and p.step[0] >= 3)
            assert b.dispatcher.progress(job).step[1] == 500
            await b.dispatcher.interrupt()
            await b.watch.ended(job)

    asyncio.run(main())


def test_the_catalogue_is_there_before_any_worker_the_second_time(tmp_path):
    async def main():
        async with bench(tmp_path, fingerprint="v1") as b:
            assert b.dispatcher.catalogue is None
            assert await b.dispatcher.wait_catalogue(0) is None
            catalogue = await b.dispatcher.wait_catalogue(60)
            assert "Seeded" in catalogue
            assert len(b.watch.of(CatalogueChanged)) == 1
            assert [pack.name for pack in b.dispatcher.packs] == ["small"]
        async with bench(tmp_path, fingerprint="v1") as b:
            assert b.dispatcher.workers[0].status == "starting"
            assert b.dispatcher.catalogue == catalogue
            assert [pack.name for pack in b.dispatcher.packs] == ["small"]
            assert b.dispatcher.versions == {"python": "3"}
            assert await b.dispatcher.stats() == [{"name": "small "}]
            await b.ready()
            assert not b.watch.of(CatalogueChanged)
        async with bench(tmp_path, fingerprint="v2") as b:
            assert b.dispatcher.catalogue is None

    asyncio.run(main())


def test_a_server_that_stops_gives_its_job_back_uncounted(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            job = await b.submit(one("Act", what="stuck"))
            later = await b.submit(one("Seeded"))
            await b.watch.told(job, NodeStarted)
        assert not b.watch.of(JobEnded)
        async with bench(tmp_path, grace=0.1) as b:
            await b.watch.told(job, NodeStarted)
            assert [(one.id, one.attempts) for one in b.dispatcher.running] == [(job, 1)]
            assert await b.dispatcher.cancel(job) == "running"
            assert (await b.watch.ended(job)).status == "cancelled"
            assert (await b.watch.ended(later)).status == "success"

    asyncio.run(main())


def test_a_listener_that_fails_harms_nothing(tmp_path):
    async def main():
        async with bench(tmp_path) as b:

            def hear(news):
                raise RuntimeError("deaf")

            stop = b.dispatcher.listen(hear)
            assert (await b.run(THREE)).status == "success"
            stop()
            assert "A listener failed at JobEnded (RuntimeError: deaf)." in b.log()
            assert len(b.watch.events("job-1", NodeFinished)) == 3

    asyncio.run(main())


def test_a_job_too_large_to_send_fails_alone(tmp_path, monkeypatch):
    async def main():
        async with bench(tmp_path) as b:
            await b.ready()
            monkeypatch.setattr("execution.workers.wire.LONGEST_TEXT", 10_000)
            job = await b.submit(one("Seeded", text="x" * 20_000))
            after = await b.submit(one("Seeded"))
            ended = await b.watch.ended(job)
            assert (ended.status, ended.outcome.error.kind) == ("error", "server")
            assert "too large" in ended.outcome.error.message
            assert (await b.watch.ended(after)).status == "success"

    asyncio.run(main())
