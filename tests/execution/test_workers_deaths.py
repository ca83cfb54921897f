"""Workers that die: the job is tried once more, then reported; every other job goes on."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from execution.errors import NodeRef
from execution.events import NodeStarted
from execution.jobs.store import JobStore
from execution.logbook import Logbook
from execution.workers.deaths import how_it_died
from execution.workers.dispatcher import Dispatcher
from execution.workers.last_node import SIZE, LastNode, SharedNode
from execution.workers.news import JobEnded, JobRetried, JobStarted
from execution.workers.states import Launch
from tests.execution.worker_helpers import Watch, alive, bench, chain, launch, one, until_gone

DEATHS = [
    ("segfault", "segmentation fault"),
    ("kill", "killed from outside (SIGKILL)"),
    ("exit", "sys.exit(3) was called"),
    ("_exit", "exit code 7"),
]


@pytest.mark.parametrize(("what", "how"), DEATHS, ids=[what for what, _ in DEATHS])
def test_a_job_that_kills_its_worker_is_tried_twice_and_reported(tmp_path, what, how):
    async def main():
        async with bench(tmp_path) as b:
            bad = await b.submit(one("Act", what=what))
            good = await b.submit(one("Seeded", seed=1))
            job = await b.watch.ended(bad)
            assert (job.status, job.attempts) == ("error", 2)
            error = job.outcome.error
            assert (error.kind, error.exception_type) == ("worker", "WorkerDied")
            assert how in error.message
            assert "small" in error.message
            assert "not tried again" in error.message
            assert (error.node, error.node_type) == ("1", "Act")
            assert "while it ran node 1 (Act)" in error.message
            (retried,) = b.watch.of(JobRetried)
            assert retried.job.id == bad
            assert how in retried.reason
            assert (await b.watch.ended(good)).status == "success"
            assert [n.job.id for n in b.watch.of(JobStarted)] == [bad, bad, good]
            assert b.dispatcher.workers[0].restarts == 2
            assert b.dispatcher.remaining == 0

    asyncio.run(main())


def test_an_async_node_may_end_its_worker_too(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            job = await b.run(one("AsyncExit"))
            assert "sys.exit('a node has had enough') was called" in job.outcome.error.message

    asyncio.run(main())


def test_the_trace_of_a_crash_is_kept(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            job = await b.run(one("Act", what="segfault"))
            assert any("Segmentation fault" in line for line in job.outcome.error.traceback)
            assert any("small_worker.py" in line for line in job.outcome.error.traceback)
            assert "Segmentation fault" in b.log()

    asyncio.run(main())


def test_a_job_whose_second_run_goes_well_succeeds(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            job = await b.run(one("Act", what="kill", text="x", again=str(tmp_path / "mark")))
            assert (job.status, job.attempts) == ("success", 2)
            assert job.outcome.outputs["1"]["text"] == ["x", "survived"]
            assert len(b.watch.of(JobEnded)) == 1

    asyncio.run(main())


def test_the_node_that_ran_is_named_and_what_was_shown_before_is_kept(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            prompt = chain(
                ("Text", {"text": "a"}),
                ("Show", {"text": "<"}),
                ("Text", {"text": "b"}),
                ("Act", {"text": "<", "what": "stuck"}),
            )
            for _ in range(2):
                job = await b.submit(prompt) if not b.watch.of(JobStarted) else "job-1"
                count = len(b.watch.of(JobStarted)) or 1
                await b.watch.until(
                    lambda count=count: (
                        len([e for e in b.watch.events("job-1", NodeStarted) if e.node.id == "4"]) >= count
                    )
                )
                os.kill(b.dispatcher.workers[0].pid, signal.SIGKILL)
                await b.watch.until(lambda: b.watch.of(JobRetried))
                if not b.watch.of(JobEnded):
                    await b.watch.until(lambda: len(b.watch.of(JobStarted)) == 2)
            job = await b.watch.ended(job)
            assert (job.outcome.error.node, job.outcome.error.node_type) == ("4", "Act")
            assert "while it ran node 4 (Act)" in job.outcome.error.message
            assert job.outcome.outputs == {"2": {"text": ["a"]}}
            assert job.outcome.meta["2"]["display_node"] == "2"
            assert set(job.outcome.executed) == {"1", "2", "3"}

    asyncio.run(main())


def test_a_worker_killed_while_idle_comes_back(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            await b.ready()
            first = b.dispatcher.workers[0].pid
            os.kill(first, signal.SIGKILL)
            await b.watch.until(lambda: b.dispatcher.workers[0].status == "dead")
            assert "killed from outside" in b.dispatcher.workers[0].reason
            assert "The worker small died" in b.log()
            assert (await b.run(one("Seeded"))).status == "success"
            assert b.dispatcher.workers[0].pid not in (first, None)
            assert b.dispatcher.workers[0].reason is None

    asyncio.run(main())


def test_a_worker_that_cannot_start_says_why_and_is_tried_again(tmp_path):
    async def main():
        async with bench(tmp_path, launch("small", "broken")) as b:
            job = await b.submit(one("Seeded"))
            state = await b.watch.until(lambda: b.dispatcher.workers[0].failures >= 2 and b.dispatcher.workers[0])
            assert state.status == "dead"
            assert "ModuleNotFoundError: No module named 'torch'" in state.reason
            assert "while starting" in state.reason
            assert "started again in 1 s" in state.reason
            assert b.dispatcher.remaining == 1
            assert await b.dispatcher.wait_catalogue(0) is None
            assert await b.dispatcher.cancel(job) == "pending"

    asyncio.run(main())


def test_a_worker_that_vanishes_at_its_start(tmp_path):
    async def main():
        async with bench(tmp_path, launch("small", "vanish")) as b:
            state = await b.watch.until(lambda: b.dispatcher.workers[0].failures and b.dispatcher.workers[0])
            assert "exit code 9" in state.reason

    asyncio.run(main())


def test_a_program_that_is_not_there(tmp_path):
    async def main():
        async with bench(tmp_path, Launch("none", [str(tmp_path / "nothing")])) as b:
            state = await b.watch.until(lambda: b.dispatcher.workers[0].failures and b.dispatcher.workers[0])
            assert "could not be started: No such file" in state.reason

    asyncio.run(main())


def test_a_program_that_speaks_something_else(tmp_path):
    async def main():
        talk = Launch("talker", [sys.executable, "-c", "print('hello world, this is no message'); input()"])
        async with bench(tmp_path, talk) as b:
            state = await b.watch.until(lambda: b.dispatcher.workers[0].failures and b.dispatcher.workers[0])
            assert "its messages cannot be understood" in state.reason

    asyncio.run(main())


@pytest.mark.parametrize("what", [None, "stuck", "native"])
def test_workers_end_when_their_server_dies(tmp_path, what):
    """The server is a process of its own here, killed while its worker is idle, busy, or deaf in native code."""

    async def main():
        argument = [] if what is None else [what]
        server = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.execution.small_server",
            str(tmp_path / "jobs.sqlite3"),
            *argument,
            stdout=asyncio.subprocess.PIPE,
        )
        assert server.stdout is not None
        pid = int(await asyncio.wait_for(server.stdout.readline(), 60))
        assert alive(pid)
        server.kill()
        await server.wait()
        await until_gone(pid)

    asyncio.run(main())


@pytest.mark.skipif(sys.platform == "win32", reason="process groups")
def test_what_nodes_started_ends_with_the_worker(tmp_path):
    async def main():
        async with bench(tmp_path) as b:
            job = await b.run(one("Act", what="spawn"))
            child = int(job.outcome.outputs["1"]["text"][0])
            assert alive(child)
            os.kill(b.dispatcher.workers[0].pid, signal.SIGKILL)
            await until_gone(child)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("code", "said", "words"),
    [
        (-11, None, "segmentation fault"),
        (-6, None, "SIGABRT"),
        (-9, None, "killed"),
        (-15, None, "told to end"),
        (-64, None, "SIGRTMAX"),
        (-250, None, "signal 250"),
        (0, None, "exit code 0"),
        (3, "sys.exit(3) was called", "sys.exit(3) was called"),
    ],
)
def test_deaths_in_words(code, said, words):
    assert words in how_it_died(code, None, said)


def test_a_kill_for_want_of_memory_is_told(tmp_path, monkeypatch):
    counters = tmp_path / "vmstat"
    monkeypatch.setattr("execution.workers.deaths.KERNEL_COUNTERS", counters)
    assert "memory" not in how_it_died(-9, None, None)
    counters.write_text("pgfault 5\noom_kill 3\n")
    assert "memory" not in how_it_died(-9, 3, None)
    assert "because memory ran out" in how_it_died(-9, 2, None)


@pytest.mark.skipif(os.name != "posix", reason="ends processes by their groups")
def test_a_process_that_cannot_be_ended_does_not_keep_the_server_from_ending(tmp_path, monkeypatch):
    """A driver that hangs keeps its process from dying, whatever signal it gets."""
    deaf = Launch("deaf", [sys.executable, "-c", "import time; time.sleep(3600)"])
    monkeypatch.setattr("execution.workers.process.PATIENCE", 0.1)
    monkeypatch.setattr("execution.workers.process.LAST_WAIT", 0.1)

    async def main():
        store = await JobStore.open(tmp_path / "jobs.sqlite3")
        logs = Logbook()
        dispatcher = Dispatcher(store, [deaf], logs, lambda _: [])
        await dispatcher.start()
        watch = Watch(dispatcher)
        pid = await watch.until(lambda: dispatcher.workers[0].pid)
        with monkeypatch.context() as patched:
            patched.setattr("os.killpg", lambda *_: None)
            patched.setattr("subprocess.Popen.kill", lambda _self: None)
            async with asyncio.timeout(30):
                await dispatcher.stop()
        await store.close()
        assert dispatcher.workers[0].status == "stopped"
        assert "could not be ended" in "\n".join(line.text for line in logs.lines)
        os.kill(pid, signal.SIGKILL)
        await until_gone(pid)

    asyncio.run(main())


@pytest.mark.skipif(os.name != "posix", reason="only there is it told how much of a file is on the disk")
def test_the_room_for_the_last_node_is_taken_beforehand():
    """A full disk would end the worker by SIGBUS where it writes into a hole of a mapped file."""
    shared = SharedNode()
    try:
        assert Path(shared.path).stat().st_blocks * 512 >= SIZE
    finally:
        shared.close()


def test_the_last_node_outlives_its_process_and_leaves_no_file(tmp_path):
    shared = SharedNode()
    try:
        assert shared.read("j") is None
        worker = LastNode(shared.path)
        assert not Path(shared.path).exists()
        worker.note("j", NodeRef("5.0.0.1", "KSampler é", "5", "5", "5"))
        worker.note("j", NodeRef("6", "Save", "6", None, "6"))
        assert shared.read("j") == NodeRef("6", "Save", "6", None, "6")
        assert shared.read("another") is None
        worker.note("j", NodeRef("7" * 5000, "TooLong", "7", None, "7"))
        assert shared.read("j") == NodeRef("6", "Save", "6", None, "6")
        LastNode(None).note("j", NodeRef("1", "A", "1", None, "1"))
    finally:
        shared.close()
    assert not Path(shared.path).exists()
