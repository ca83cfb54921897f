"""Questions to workers while they work, and several workers at once."""

import asyncio
import os
import signal

from execution.events import NodeFinished, NodeStarted
from execution.workers.affinity import Affinity, traces_of
from execution.workers.news import JobEnded, JobStarted, PackMessage
from tests.execution.worker_helpers import bench, launch, one


def test_own_validators_answer_while_a_job_runs(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            await b.ready()
            job = await b.submit(one("Act", what="stuck"))
            await b.watch.told(job, NodeStarted)
            assert (await b.validate(one("Picky", word="good"))).ok
            verdict = await b.validate(one("Picky", word="bad"))
            assert not verdict.ok
            (problem,) = verdict.problems
            assert problem.type == "custom_validation_failed"
            assert problem.details == "word - bad is not good"
            verdict = await b.validate(one("Picky", word="crash"))
            assert "its validator failed (RuntimeError: no idea)" in verdict.problems[0].details
            assert not b.watch.of(JobEnded)
            b.dispatcher._seats[0].kill("it was ended by the test")

    asyncio.run(main())


def test_prompts_without_validators_need_no_worker(tmp_path):
    async def main():
        async with bench(tmp_path, fingerprint="x") as b:
            await b.ready()
        async with bench(tmp_path, launch("small", "broken"), fingerprint="x") as b:
            assert (await b.validate(one("Seeded", seed=3))).ok
            assert not (await b.validate(one("Seeded", seed="three"))).ok
            assert (await b.validate(one("Picky", word="bad"))).ok  # nobody can judge: the worker will

    asyncio.run(main())


def test_a_worker_that_dies_while_asked_holds_nobody_up(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            await b.ready()
            pid = b.dispatcher.workers[0].pid
            os.kill(pid, signal.SIGSTOP)
            asking = asyncio.ensure_future(b.validate(one("Picky", word="bad")))
            await asyncio.sleep(0)
            os.kill(pid, signal.SIGKILL)
            assert (await asking).ok
            assert "without its nodes' own validation" in b.log()

    asyncio.run(main())


def test_stats_are_asked_and_else_as_last_known(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            assert await b.dispatcher.stats() == []
            await b.ready()
            while not (told := await b.dispatcher.stats()):
                pass  # on a busy machine, the first answers may come too late
            assert told[0]["name"] == "small " and told[0]["asked"] >= 1
            pid = b.dispatcher.workers[0].pid
            os.kill(pid, signal.SIGSTOP)
            os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOWAIT)  # until then it may still answer
            assert await b.dispatcher.stats() == told
            os.kill(pid, signal.SIGCONT)

    asyncio.run(main())


def test_freeing_waits_for_the_job_that_runs(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            await b.ready()
            prompt = one("Seeded", seed=1)
            await b.run(prompt)
            job = await b.submit(one("Wait", seconds=0.2))
            await b.watch.told(job, NodeStarted)
            b.dispatcher.free(unload_models=True, free_memory=True)
            (told,) = await b.watch.until(lambda: b.watch.of(PackMessage))
            assert told == PackMessage("freed", [True, True], None)
            assert b.watch.events(job, NodeFinished)
            assert (await b.run(prompt)).outcome.cached == ()

    asyncio.run(main())


def test_the_catalogue_can_be_asked_anew(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            await b.dispatcher.refresh_catalogue(1)  # nobody there: nothing happens
            await b.ready()
            before = b.dispatcher.catalogue
            await b.dispatcher.refresh_catalogue(30)
            assert b.dispatcher.catalogue is before

    asyncio.run(main())


def test_two_workers_share_the_queue_and_one_death_harms_one_job(tmp_path):
    async def main():
        async with bench(tmp_path, launch("one"), launch("two")) as b:
            await b.ready(2)
            first = await b.submit(one("Act", what="stuck"))
            second = await b.submit(one("Wait", seconds=3600))
            await b.watch.told(first, NodeStarted)
            await b.watch.told(second, NodeStarted)
            assert {job.id for job in b.dispatcher.running} == {first, second}
            assert {state.job for state in b.dispatcher.workers} == {first, second}
            assert {state.status for state in b.dispatcher.workers} == {"busy"}
            third = await b.submit(one("Seeded"))
            assert b.dispatcher.remaining == 3
            dying = next(state for state in b.dispatcher.workers if state.job == first)
            os.kill(dying.pid, signal.SIGKILL)
            await b.watch.until(lambda: len([n for n in b.watch.of(JobStarted) if n.job.id == first]) == 2)
            assert not b.watch.of(JobEnded)
            await b.dispatcher.cancel(second)
            assert (await b.watch.ended(second)).status == "cancelled"
            assert (await b.watch.ended(third)).status == "success"

    asyncio.run(main())


def test_jobs_go_where_their_models_are(tmp_path):
    async def main():
        async with bench(tmp_path, launch("one"), launch("two")) as b:
            await b.ready(2)
            holding = await b.submit(one("Wait", seconds=3600))
            await b.watch.told(holding, NodeStarted)
            first = await b.run(one("Model", name="a"))
            last = await b.submit(one("Act", what="stuck"))  # on the one that ran it
            await b.watch.told(last, NodeStarted)
            await b.dispatcher.cancel(holding)
            await b.watch.ended(holding)
            second = await b.run(one("Model", name="b"))
            assert {first.worker, second.worker} == {"one", "two"}
            os.kill(next(s.pid for s in b.dispatcher.workers if s.job == last), signal.SIGKILL)
            await b.dispatcher.cancel(last)
            await b.watch.ended(last)
            await b.ready(2)
            for turn in range(6):
                job = await b.run(one("Model", name="b"), id=f"turn{turn}")
                assert job.worker == second.worker
                assert (await b.dispatcher.store.get(job.id)).worker == second.worker
                assert next(n.job for n in b.watch.of(JobStarted) if n.job.id == job.id).worker == second.worker

    asyncio.run(main())


def test_affinity_counts_files():
    affinity = Affinity()
    xl, lora, other = ("L", "name", "xl"), ("Lora", "name", "l"), ("L", "name", "other")
    affinity.ran("one", [xl])
    affinity.ran("two", [xl, lora])
    assert affinity.best(["one", "two"], [xl, lora]) == "two"
    assert affinity.best(["one", "two"], [xl]) == "one"
    assert affinity.best(["one", "two"], [other]) == "one"
    affinity.forget("two")
    assert affinity.best(["one", "two"], [xl, lora]) == "one"


def test_traces_are_the_files_of_a_prompt(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            await b.ready()
            prompt = {**one("Model", name="a"), "2": {"class_type": "Seeded", "inputs": {"seed": 3}}}
            prompt["3"] = {"class_type": "Model", "inputs": {"name": ["1", 0]}}
            assert traces_of(prompt, b.dispatcher.catalogue) == [("Model", "name", "a")]

    asyncio.run(main())


def test_what_is_no_node_names_no_files():
    prompt = {"1": 5, "2": {"class_type": ["x"], "inputs": {}}, "3": {"class_type": "A", "inputs": 7}, "4": {}}
    assert traces_of(prompt, {}) == []
