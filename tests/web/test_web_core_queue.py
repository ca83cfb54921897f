"""The queue: taking jobs out, stopping them, moving them, pausing."""

import asyncio
from typing import Any

import pytest

from tests.execution.worker_helpers import chain, one
from tests.web.helpers.serving import NOBODY, Served, serving

SHOWN = chain(("Text", {"text": "hi"}), ("Show", {"text": "<"}))
LONG = one("Steps", count=2_000, seconds=0.02)


async def pending(server: Served) -> list[str]:
    return [entry[1] for entry in (await server.get("/queue"))["queue_pending"]]


async def running(server: Served) -> str:
    """The job that runs, once one does."""
    async with asyncio.timeout(60):
        while not (jobs := (await server.get("/queue"))["queue_running"]):
            await asyncio.sleep(0.02)
    return jobs[0][1]


async def begun(server: Served, job: str) -> None:
    """Wait until a node of the job runs."""
    async with asyncio.timeout(60):
        while (progress := server.dispatcher.progress(job)) is None or progress.node is None:
            await asyncio.sleep(0.02)


async def empty(server: Served, path: str, body: Any = None) -> None:
    """A POST whose answer is 200 without a body or a content type."""
    async with server.session.post(server.url + path, json=body) as answer:
        assert answer.status == 200
        assert await answer.read() == b""
        assert "Content-Type" not in answer.headers


def test_waiting_jobs_are_deleted_and_cleared(tmp_path):
    async def test(server: Served) -> None:
        first, second, third = [await server.queue(SHOWN) for _ in range(3)]
        await empty(server, "/queue", {"delete": [second, "never heard of"]})
        assert await pending(server) == [first, third]
        await empty(server, "/api/queue", {"clear": True})
        assert await pending(server) == []
        assert await server.get("/history") == {}  # what never ran is no history
        assert {job["status"] for job in (await server.get("/api/jobs"))["jobs"]} == {"cancelled"}
        assert (await server.post("/queue", {"delete": "x"}, 400))["error"]["type"] == "invalid_request"

    serving(tmp_path, test, NOBODY)


def test_jobs_are_moved(tmp_path):
    async def test(server: Served) -> None:
        a, b, c, d = [await server.queue(SHOWN) for _ in range(4)]
        await server.post("/api/queue/move", {"prompt_id": c, "front": True})
        assert await pending(server) == [c, a, b, d]
        await server.post("/api/queue/move", {"prompt_id": c, "position": 2})
        assert await pending(server) == [a, b, c, d]
        await server.post("/api/queue/move", {"prompt_id": a, "position": 99})
        assert await pending(server) == [b, c, d, a]
        await server.post("/api/queue/move", {"prompt_id": a, "position": 0})
        assert await pending(server) == [a, b, c, d]
        await server.post("/api/queue/move", {"prompt_id": a, "number": 2.5})
        assert await pending(server) == [b, c, a, d]
        for body, status in (
            ({"prompt_id": a}, 400),
            ({"prompt_id": a, "number": "x"}, 400),
            ({"prompt_id": a, "number": 10**400}, 400),
            ({"prompt_id": a, "position": -1}, 400),
            ({"front": True}, 400),
            ({"prompt_id": "nobody", "front": True}, 404),
        ):
            await server.post("/api/queue/move", body, status)

    serving(tmp_path, test, NOBODY)


def test_many_moves_to_one_place_keep_the_order(tmp_path):
    async def test(server: Served) -> None:
        jobs = [await server.queue(SHOWN, number=100 + place) for place in range(4)]
        for turn in range(120):  # each one halves the gap between the numbers
            await server.post("/api/queue/move", {"prompt_id": jobs[2 + turn % 2], "position": 1})
            order = await pending(server)
            assert order[0] == jobs[0]
            assert order[1] == jobs[2 + turn % 2]

    serving(tmp_path, test, NOBODY)


def test_a_paused_queue_begins_nothing(tmp_path):
    async def test(server: Served) -> None:
        await server.ready()
        state = await server.post("/api/queue/pause", {"reason": "Lunch."})
        assert state == {"paused": "Lunch.", "queue_remaining": 0}
        job = await server.queue(SHOWN)
        assert (await server.get("/queue"))["queue_paused"] == "Lunch."
        assert (await server.get(f"/api/jobs/{job}"))["status"] == "pending"
        assert (await server.post("/api/queue/resume"))["paused"] is None
        assert (await server.ended(job))["status"]["completed"]

    serving(tmp_path, test)


@pytest.mark.parametrize("body", [None, {}, [], "anything"])
def test_interrupt_takes_any_body(tmp_path, body):
    async def test(server: Served) -> None:
        await empty(server, "/interrupt", body)
        await empty(server, "/api/interrupt", {"prompt_id": 5})

    serving(tmp_path, test, NOBODY)


def test_a_running_job_is_interrupted_by_its_id_only(tmp_path):
    async def test(server: Served) -> None:
        job = await server.queue(LONG)
        after = await server.queue(SHOWN)
        assert await running(server) == job
        await empty(server, "/interrupt", {"prompt_id": after})
        assert await running(server) == job
        await begun(server, job)
        await empty(server, "/interrupt", {"prompt_id": job})
        entry = await server.ended(job)
        assert entry["status"]["status_str"] == "error"
        assert entry["status"]["completed"] is False
        kind, data = entry["status"]["messages"][-1]
        assert kind == "execution_interrupted"
        assert data["node_id"] == "1"
        assert data["node_type"] == "Steps"
        assert (await server.ended(after))["status"]["completed"]  # the next one starts by itself

    serving(tmp_path, test)


def test_free_reaches_the_workers(tmp_path):
    async def test(server: Served) -> None:
        await server.ready()
        first = await server.ended(await server.queue(SHOWN))
        again = await server.ended(await server.queue(SHOWN))
        assert [cached_of(entry) for entry in (first, again)] == [[], ["1", "2"]]
        await empty(server, "/free", {"unload_models": True, "free_memory": True})
        assert cached_of(await server.ended(await server.queue(SHOWN))) == []
        await empty(server, "/free")

    serving(tmp_path, test)


def cached_of(entry: dict[str, Any]) -> list[str]:
    [cached] = [data["nodes"] for kind, data in entry["status"]["messages"] if kind == "execution_cached"]
    return sorted(cached)
