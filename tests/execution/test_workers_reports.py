"""What a worker reports of a job's nodes, and what it remembers of what flowed."""

import asyncio
import os
import signal

import pytest

from execution.cache import Entry, MemoryCache
from execution.events import NodeStarted, Progress
from execution.workers.flows import JOBS, Flows, NotThereError, family_of
from execution.workers.questions import NoAnswerError
from execution.workers.reports import CACHED, NodeReport, pack_reports, unpack_reports
from tests.execution.engine_helpers import registry
from tests.execution.small_worker import join, text
from tests.execution.worker_helpers import bench, chain, launch, one

SHOWN = chain(("Text", {"text": "a"}), ("Join", {"a": "<", "b": "b"}), ("Show", {"text": "<"}))


def reports(job):
    return unpack_reports(job.outcome.reports)


def test_reports_are_packed_and_unpacked():
    known = {
        "1": NodeReport("ran", 1.5, 10, "this is the first run"),
        "2": NodeReport("ran", 0.25, None, "this is the first run"),
        "3": CACHED,
        "5:3": NodeReport("failed", None, None, "node 1 (Text) is new"),
    }
    packed = pack_reports(known)
    assert unpack_reports(packed) == known
    assert packed["reasons"] == ["this is the first run", "node 1 (Text) is new"]
    assert packed["nodes"]["3"] == ["cached"]
    assert pack_reports({}) == {} and unpack_reports({}) == {}


def test_a_job_s_record_says_why_its_nodes_ran(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            first = reports(await b.run(SHOWN))
            assert {one.state for one in first.values()} == {"ran"} and set(first) == {"1", "2", "3"}
            assert {one.reason for one in first.values()} == {"this is the first run"}
            assert all(one.seconds is not None and one.seconds >= 0 for one in first.values())
            changed = chain(("Text", {"text": "a"}), ("Join", {"a": "<", "b": "c"}), ("Show", {"text": "<"}))
            job = await b.run(changed)
            second = reports(job)
            assert second["1"] == CACHED
            assert second["2"].reason == "'b' became 'c' in input b of node 2 (Join)"
            assert second["3"].reason == "'b' became 'c' in input b of node 2 (Join), on which it depends"
            assert reports(await b.dispatcher.store.get(job.id)) == second

    asyncio.run(main())


def test_failed_and_expanded_nodes_are_reported(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            made = reports(await b.run(chain(("Twice", {"text": "x"}), ("Show", {"text": "<"}))))
            (inner,) = set(made) - {"1", "2"}
            assert made[inner].state == "ran" and made[inner].reason is None and inner.startswith("1.")
            failed = reports(await b.run(one("Act", what="raise")))["1"]
            assert failed.state == "failed" and failed.seconds > 0 and failed.reason

    asyncio.run(main())


def test_the_report_of_a_job_whose_worker_died_holds_what_was_told(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            prompt = chain(("Text", {"text": "a"}), ("Act", {"what": "_exit", "text": "<"}))
            made = reports(await b.run(prompt))
            assert made["2"] == NodeReport("failed")
            assert set(made) <= {"1", "2"}

    asyncio.run(main())


async def told(b, job, node, slot=0, **more):
    found = await b.dispatcher.store.get(job)
    answer = await b.dispatcher.look(
        found.worker, "value", {"job": job, "node": node, "slot": slot, "compare": True, **more}
    )
    return answer.value


def test_what_flowed_is_told_also_while_another_job_runs(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            first = await b.run(chain(("Number", {"value": 3}), ("TakesAll", {"value": "<"})))
            second = await b.run(chain(("Number", {"value": 5}), ("TakesAll", {"value": "<"})))
            busy = await b.submit(
                chain(("Number", {"value": 8}), ("Act", {"what": "stuck", "text": "x"})), targets=["2"]
            )
            await b.watch.told(busy, NodeStarted)
            said = (await told(b, second.id, "1"))["told"]
            assert said["items"] == [{"kind": "text", "text": "5"}] and said["kept"] and said["type"] == "INT"
            assert said["previous"]["prompt_id"] == first.id and said["previous"]["items"][0]["text"] == "3"
            assert said["difference"] == {"max_abs": 2}
            assert (await told(b, first.id, "1"))["told"]["previous"] is None
            for node, slot in (("9", 0), ("1", 1), ("1", 10**6), ("", 0), ("../1", 0)):
                assert (await told(b, second.id, node, slot))["status"] == 404, (node, slot)
            assert (await told(b, busy, "2"))["status"] in (404, 410)
            b.dispatcher._seats[0].kill("it was ended by the test")

    asyncio.run(main())


def test_what_flowed_in_a_running_job_and_in_expansions(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            prompt = chain(("Twice", {"text": "x"}), ("Steps", {"text": "<", "count": 1, "seconds": 3600}))
            job = await b.submit(prompt)
            await b.watch.told(job, Progress)
            said = (await told(b, job, "1"))["told"]
            assert said["items"][0]["text"] == "xx" and said["type"] == "STRING"
            inner = next(iter(set(b.dispatcher.progress(job).finished) - {"1"}))
            assert (await told(b, job, inner))["told"]["items"][0]["text"] == "xx"
            b.dispatcher._seats[0].kill("it was ended by the test")

    asyncio.run(main())


def test_pictures_come_with_their_bytes(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            jobs = [await b.run(chain(("Number", {"value": n}), ("TakesAll", {"value": "<"}))) for n in (3, 5)]
            question = {"job": jobs[1].id, "node": "1", "slot": 0, "item": 0, "batch": 2, "size": 64}
            found = {}
            for of in ("current", "previous", "difference"):
                answer = await b.dispatcher.look("small", "picture", {**question, "of": of})
                found[of] = answer.payload
            assert found == {"current": b"5", "previous": b"3", "difference": b"5 - 3"}
            refused = await b.dispatcher.look("small", "picture", {**question, "of": "current", "item": 4})
            assert refused.value == {"status": 404, "sentence": "There is no item 4."} and not refused.payload
            first = await b.dispatcher.look("small", "picture", {**question, "job": jobs[0].id, "of": "previous"})
            assert first.value["status"] == 404

    asyncio.run(main())


def test_what_is_forgotten_is_gone(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            job = await b.run(SHOWN)
            assert (await told(b, job.id, "1"))["status"] == 200
            b.dispatcher.free(free_memory=True)
            await b.run(one("Seeded", seed=5))
            assert (await told(b, job.id, "1"))["status"] == 410
            os.kill(b.dispatcher.workers[0].pid, signal.SIGKILL)
            await b.watch.until(lambda: b.dispatcher.workers[0].restarts)
            with pytest.raises(NoAnswerError):
                while True:
                    await told(b, job.id, "1")
            await b.ready()
            said = await told(b, job.id, "1")
            assert said["status"] == 410 and "does not remember" in said["sentence"]
            with pytest.raises(LookupError, match="not there any more"):
                await b.dispatcher.look("another", "value", {})

    asyncio.run(main())


def test_questions_that_are_none_harm_nobody(tmp_path):
    async def main():
        async with bench(tmp_path, launch()) as b:
            job = await b.run(SHOWN)
            for question in (None, {}, {"job": job.id}, {"job": 5, "node": [], "slot": "x", "compare": 1}):
                with pytest.raises(NoAnswerError):
                    await b.dispatcher.look("small", "value", question)
            assert (await told(b, job.id, "1"))["status"] == 200

    asyncio.run(main())


class Plan:
    """Stands for a run's plan that is over."""

    def __init__(self, **nodes):
        self.nodes = nodes

    def at(self, node_id):
        return self.nodes.get(node_id)


def test_the_last_jobs_are_remembered():
    cache = MemoryCache()
    flows = Flows(cache, registry(text, join))
    for number in range(JOBS + 5):
        cache.put(f"k{number}", "r", Entry([[number]]))
        flows.begin(str(number), Plan(a=(f"k{number}", "Text")))
        flows.end(str(number))
    with pytest.raises(NotThereError) as gone:
        flows.find("4", "a", 0)
    assert gone.value.status == 410
    assert flows.find("5", "a", 0).items == [5]
    assert flows.before("5", "a", 0) is None
    assert flows.before(str(JOBS), "a", 0).job == str(JOBS - 1)


def test_what_was_there_before_is_another_value_that_is_still_kept():
    cache = MemoryCache()
    flows = Flows(cache, registry(text, join))
    for job, key, kind in (("0", "old", "Text"), ("1", "gone", "Text"), ("2", "now", "Join"), ("3", "now", "Text")):
        flows.begin(job, Plan(a=(key, kind)))
    flows.begin("4", Plan(a=("now", "Text")))
    assert flows.before("4", "a", 0) == ("1", "a", 0, "STRING", None), "none is kept: the first is told"
    cache.put("old", "r", Entry([["then"]]))
    assert flows.before("4", "a", 0) == ("0", "a", 0, "STRING", ["then"])
    assert flows.before("4", "b", 0) is None and flows.before("9", "a", 0) is None


def test_only_runs_of_the_same_workflow_are_compared():
    cache = MemoryCache()
    flows = Flows(cache, registry(text))
    mine, other = {"weft_tab": "t"}, {"extra_pnginfo": {"workflow": {"id": "w"}}}
    assert [family_of(extra) for extra in (mine, other, {}, {"extra_pnginfo": {"workflow": None}})] == [
        "t",
        "w",
        "",
        "",
    ]
    for job, extra in (("0", mine), ("1", other), ("2", mine), ("3", {})):
        cache.put(f"k{job}", "r", Entry([[job]]))
        flows.begin(job, Plan(a=(f"k{job}", "Text")), family_of(extra))
    assert flows.before("2", "a", 0).items == ["0"], "that of the same tab, not the one just before"
    assert flows.before("1", "a", 0) is None and flows.before("3", "a", 0) is None
