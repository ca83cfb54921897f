"""A job's way through the store: submitted, claimed, given back, ended; the order of the queue; what restarts keep."""

import asyncio
import math

import pytest

from execution.jobs.errors import InvalidJob, JobExists, StoreClosed, UnknownJob
from execution.jobs.records import JobError, Outcome
from execution.jobs.store import JobStore
from tests.execution.jobs_helpers import (
    DONE,
    Clock,
    new,
    opened,
    pending_ids,
    run_all,
    running_ids,
    submit_all,
    with_store,
)


def test_a_job_comes_back_as_it_was_given(tmp_path):
    async def test(store: JobStore) -> None:
        long = {str(i): {"class_type": "Note", "inputs": {"text": f"line {i} " * 20}} for i in range(500)}
        extra = {"client_id": "tab", "lone": "\ud800", "nested": {"a": [1, None, 1e300, -0.5, True]}}
        asked = new("long", prompt=long, targets=("9", "3"), extra=extra, webhook="https://example.org/told")
        submitted = await store.submit(asked)
        assert not submitted.replayed
        found = await store.get("long")
        assert found == submitted.job
        assert found is not None
        assert (found.prompt, found.targets, found.extra, found.webhook) == (long, ("9", "3"), extra, asked.webhook)
        assert (found.status, found.attempts, found.client_id) == ("pending", 0, "tab")
        assert found.started is found.ended is found.outcome is found.worker is None

    with_store(tmp_path, test)


def test_claim_and_finish(tmp_path):
    async def test(store: JobStore) -> None:
        await submit_all(store, "a", "b")
        claimed = await store.claim("cpu")
        assert claimed is not None
        assert (claimed.id, claimed.status, claimed.worker, claimed.attempts) == ("a", "running", "cpu", 1)
        assert claimed.started is not None and claimed.started > claimed.created
        outcome = Outcome(
            "error",
            outputs={"3": {"images": [{"filename": "x.png", "subfolder": "", "type": "output"}]}},
            meta={"3": {"node_id": "3", "display_node": "3", "parent_node": None, "real_node_id": "3"}},
            cached=("1",),
            executed=("3", "4"),
            error=JobError("node", "It broke.", "ValueError", "4", "KSampler", ("line\n",), {"cfg": [8.0]}),
            cancelled_at=("4", "KSampler"),
            seconds=1.5,
            blocked=({"node": "5", "node_type": "Gate", "message": "closed"},),
            warnings=("careful",),
            used={"seeds": {"4": 2**64 - 1}, "models": {"a.safetensors": "ab"}},
        )
        ended = await store.finish("a", outcome)
        assert ended is not None
        assert (ended.status, ended.outcome) == ("error", outcome)
        assert ended.ended is not None and claimed.started < ended.ended
        assert await store.get("a") == ended

    with_store(tmp_path, test, clock=Clock())


def test_the_worker_may_be_chosen_by_the_job(tmp_path):
    async def test(store: JobStore) -> None:
        await submit_all(store, "a", "b")
        first = await store.claim("w0", lambda job: f"holds the models of {job.id}")
        second = await store.claim("w0", lambda _: "w0")
        assert first is not None and second is not None
        assert (first.worker, second.worker) == ("holds the models of a", "w0")
        for job in (first, second):
            assert await store.get(job.id) == job
        assert await store.claim("w0", lambda _: "never asked") is None

    with_store(tmp_path, test)


def test_a_job_ends_once(tmp_path):
    async def test(store: JobStore) -> None:
        await submit_all(store, "a")
        await store.claim("w")
        first, second = await asyncio.gather(store.finish("a", DONE), store.finish("a", Outcome("cancelled")))
        assert first is not None and second is None
        found = await store.get("a")
        assert found is not None and found.status == "success"
        assert await store.finish("never", DONE) is None
        assert store.remaining == 0

    with_store(tmp_path, test)


def test_each_job_is_claimed_once_by_many_at_the_same_time(tmp_path):
    async def test(store: JobStore) -> None:
        ids = [f"j{i}" for i in range(40)]
        await asyncio.gather(*(store.submit(new(job_id)) for job_id in ids))
        claimed = await asyncio.gather(*(store.claim(f"w{i}") for i in range(60)))
        assert sorted(job.id for job in claimed if job) == sorted(ids)
        assert claimed.count(None) == 20

    with_store(tmp_path, test)


def test_order_is_by_number_then_age_and_front_is_minus_the_counter(tmp_path):
    async def test(store: JobStore) -> None:
        numbers = [
            (await store.submit(new(name, **fields))).job.number
            for name, fields in [
                ("zero", {}),
                ("one", {}),
                ("front2", {"front": True}),
                ("front3", {"front": True}),
                ("half", {"number": 0.5}),
                ("also half", {"number": 0.5}),
                ("six", {}),
            ]
        ]
        assert numbers == [0, 1, -2, -3, 0.5, 0.5, 6]
        order = ["front3", "front2", "zero", "half", "also half", "one", "six"]
        assert await pending_ids(store) == order
        assert [job.id for job in [await store.claim("w") for _ in order] if job] == order
        assert await store.claim("w") is None

    with_store(tmp_path, test)


def test_the_counter_outlasts_the_jobs_and_the_server(tmp_path):
    async def main() -> None:
        async with opened(tmp_path) as store:
            await run_all(store, "a", "b")
            await store.delete_ended(None)
        async with opened(tmp_path) as store:
            assert (await store.submit(new("c"))).job.number == 2

    asyncio.run(main())


def test_an_id_is_refused_while_anything_is_known_of_it(tmp_path):
    async def test(store: JobStore) -> None:
        await submit_all(store, "a")
        for change in (store.claim("w"), store.finish("a", DONE)):
            with pytest.raises(JobExists, match="'a'"):
                await store.submit(new("a"))
            await change
        with pytest.raises(JobExists):
            await store.submit(new("a"))
        assert await store.delete_ended(["a"]) == 1
        await store.submit(new("a"))
        assert store.remaining == 1

    with_store(tmp_path, test)


@pytest.mark.parametrize(
    "bad",
    [
        {"number": math.nan},
        {"number": math.inf},
        {"prompt": {"1": {"inputs": {"x": object()}}}},
        {"extra": {"x": {1, 2}}},
        {"idempotency_key": "\ud800"},
        {"idempotency_key": ""},
        {"webhook": "\udfff"},
    ],
)
def test_what_cannot_be_stored_is_refused_with_a_sentence(tmp_path, bad):
    async def test(store: JobStore) -> None:
        with pytest.raises(InvalidJob, match=r"\.$"):
            await store.submit(new("a", **bad))
        assert store.remaining == 0 and await store.get("a") is None

    with_store(tmp_path, test)


def test_ids_of_any_text_are_kept_and_half_characters_are_refused(tmp_path):
    async def test(store: JobStore) -> None:
        for job_id in ("a\0b", "ä😀", " ", "'; DROP TABLE jobs; --", "x" * 100_000):
            await store.submit(new(job_id))
            found = await store.get(job_id)
            assert found is not None and found.id == job_id
        for job_id in ("\ud800", ""):
            with pytest.raises(InvalidJob):
                await store.submit(new(job_id))
        assert await store.get("\ud800") is None
        assert await store.cancel_pending(["\ud800"]) == []
        assert await store.finish("\ud800", DONE) is None
        assert not await store.move("\ud800", 1)
        assert await store.value("\ud800") is None
        assert await store.delete_ended(["\ud800"]) == 0
        with pytest.raises(UnknownJob):
            await store.give_back("\ud800", True)

    with_store(tmp_path, test)


def test_given_back_jobs_go_before_all_others(tmp_path):
    async def test(store: JobStore) -> None:
        await submit_all(store, "a", "b")
        await store.claim("w")
        await store.submit(new("first", front=True))
        back = await store.give_back("a", count_attempt=True)
        assert (back.status, back.attempts, back.started, back.worker) == ("pending", 1, None, None)
        assert await pending_ids(store) == ["a", "first", "b"]
        again = await store.claim("w")
        assert again is not None and (again.id, again.attempts) == ("a", 2)
        assert (await store.give_back("a", count_attempt=False)).attempts == 1
        assert store.remaining == 3
        assert (await store.give_back("b", count_attempt=False)).status == "pending"  # it did not run
        with pytest.raises(UnknownJob, match="'x'"):
            await store.give_back("x", True)

    with_store(tmp_path, test)


def test_pending_jobs_can_be_moved(tmp_path):
    async def test(store: JobStore) -> None:
        await submit_all(store, "run", "a", "b", "c")
        await store.claim("w")
        assert await store.move("c", 0.5)
        assert await pending_ids(store) == ["c", "a", "b"]
        await store.give_back("run", True)
        assert await store.move("run", 100)  # a place given by hand counts for one that was given back, too
        assert await pending_ids(store) == ["c", "a", "b", "run"]
        await store.claim("w")
        assert not await store.move("c", 7)
        assert not await store.move("unknown", 7)
        with pytest.raises(InvalidJob):
            await store.move("a", math.nan)

    with_store(tmp_path, test)


def test_pending_jobs_can_be_cancelled_and_others_cannot(tmp_path):
    async def test(store: JobStore) -> None:
        await submit_all(store, "run", "a", "b", "c")
        await store.claim("w")
        cancelled = await store.cancel_pending(["b", "run", "unknown"])
        assert [(job.id, job.status, job.started) for job in cancelled] == [("b", "cancelled", None)]
        assert cancelled[0].outcome == Outcome("cancelled") and cancelled[0].ended is not None
        assert (await store.get("b")) == cancelled[0]
        assert store.remaining == 3
        assert [job.id for job in await store.cancel_pending(None)] == ["a", "c"]
        assert await store.cancel_pending(None) == []
        assert await running_ids(store) == ["run"] and store.remaining == 1
        assert await store.history() == []  # they never ran

    with_store(tmp_path, test)


def test_a_paused_queue_gives_nothing_out_also_after_a_restart(tmp_path):
    async def main() -> None:
        async with opened(tmp_path) as store:
            await submit_all(store, "a")
            await store.pause("Lunch.")
            assert store.paused == "Lunch." and await store.claim("w") is None
        async with opened(tmp_path) as store:
            assert store.paused == "Lunch." and await store.claim("w") is None
            await store.resume()
            assert store.paused is None and await store.claim("w") is not None
        async with opened(tmp_path) as store:
            assert store.paused is None

    asyncio.run(main())


def test_a_claim_right_after_a_pause_waits_too(tmp_path):
    async def test(store: JobStore) -> None:
        await submit_all(store, "a", "b")
        _, claimed, _, after = await asyncio.gather(
            store.pause("Wait."), store.claim("w"), store.resume(), store.claim("w")
        )
        assert (claimed is None and after is None) or after.id == "a"
        assert store.paused is None

    with_store(tmp_path, test)


def test_what_ran_when_the_server_ended_goes_before_all_others(tmp_path):
    async def main() -> None:
        async with opened(tmp_path) as store:
            await submit_all(store, "a", "b", "c")
            await store.claim("w")
            await store.claim("w")
            await store.finish("b", DONE)
            await store.submit(new("first", front=True))
        async with opened(tmp_path) as store:
            assert await pending_ids(store) == ["a", "first", "c"]
            assert store.remaining == 3 and store.notice is None
            again = await store.claim("w")
            assert again is not None and (again.id, again.attempts) == ("a", 1)  # the server's end was not its fault

    asyncio.run(main())


def test_a_caller_who_is_cancelled_leaves_the_count_right(tmp_path):
    async def test(store: JobStore) -> None:
        tasks = [asyncio.create_task(store.submit(new(f"j{i}"))) for i in range(20)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await store.set_value("x", 1)  # all earlier writes are done
        _, pending = await store.queue()
        assert store.remaining == len(pending) == 20

    with_store(tmp_path, test)


def test_values_are_kept(tmp_path):
    async def main() -> None:
        catalogue = {f"Node{i}": {"inputs": ["MODEL", {"default": i}]} for i in range(2_000)}
        async with opened(tmp_path) as store:
            assert await store.value("catalogue") is None
            await store.set_value("catalogue", {})
            await store.set_value("catalogue", catalogue)
            await store.set_value("zero", 0)
            await store.set_value("gone", [1])
            await store.set_value("gone", None)
        async with opened(tmp_path) as store:
            assert await store.value("catalogue") == catalogue
            assert await store.value("zero") == 0
            assert await store.value("gone") is None

    asyncio.run(main())


def test_a_closed_store_says_so(tmp_path):
    async def main() -> None:
        store = await JobStore.open(tmp_path / "deep" / "folder" / "jobs.db")
        waiting = asyncio.gather(*(store.submit(new(f"j{i}")) for i in range(50)))
        await asyncio.sleep(0)
        await store.close()
        await store.close()
        assert len(await waiting) == 50  # what was asked for before is done
        for call in (store.submit(new("b")), store.get("a"), store.claim("w"), store.queue()):
            with pytest.raises(StoreClosed, match="closed"):
                await call
        assert [path.name for path in (tmp_path / "deep" / "folder").iterdir()] == ["jobs.db"]

    asyncio.run(main())
