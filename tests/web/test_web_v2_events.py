"""API v2: the event stream of a job."""

import asyncio
import base64

from tests.web.helpers.serving import NOBODY, serving
from tests.web.v2_helpers import V2, drawn, events, run, sampled, submit, worker
from web.v2 import events as module


def names(stream):
    return [name for name, _ in stream]


def test_a_stream_tells_what_happens_and_ends_after_the_last_status(tmp_path):
    async def test(server):
        await server.ready()
        job = await submit(server, sampled(steps=20, seconds=0.1))
        stream = [event async for event in events(server, job)]
        assert names(stream)[0] == "status" and names(stream)[-1] == "status"
        statuses = [data["status"] for name, data in stream if name == "status"]
        assert statuses[-2:] == ["running", "succeeded"]
        progress = [data for name, data in stream if name == "progress"]
        values = [data["value"] for data in progress]
        assert values == sorted(values) and values[-1] == 1.0 and 2 <= len(values) <= 12
        stepping = next(data for data in progress if data["step"])
        assert stepping["current_node"] == "3" and stepping["steps"] == 20 and stepping["nodes_total"] == 2
        preview = next(data for name, data in stream if name == "preview")
        assert preview["node_id"] == "3" and preview["content_type"] == "image/jpeg"
        assert base64.b64decode(preview["data_base64"]).startswith(b"\xff\xd8")
        (output,) = [data for name, data in stream if name == "output"]
        final = await server.get(f"{V2}/jobs/{job['id']}")
        assert output["id"] == final["outputs"][0]["id"] and output["size_bytes"] > 0

    serving(tmp_path, test, [worker(tmp_path)])


def test_who_comes_late_gets_the_state_first(tmp_path):
    async def test(server):
        job = await submit(server, sampled(steps=2000, seconds=0.05))
        async with asyncio.timeout(60):
            while not ((await server.get(f"{V2}/jobs/{job['id']}"))["progress"] or {}).get("step"):
                await asyncio.sleep(0.01)
        heard = []
        async for name, data in events(server, job):
            heard.append((name, data))
            if len(heard) == 3:
                await server.post(f"{V2}/jobs/{job['id']}/cancel")
        assert names(heard[:3]) == ["status", "progress", "preview"] and heard[0][1]["status"] == "running"
        assert heard[-1][1] == {"status": "canceled", "queue_position": None}

    serving(tmp_path, test, [worker(tmp_path)])


def test_head_does_not_wait(tmp_path):
    async def test(server):
        job = await submit(server, {"1": {"class_type": "Seeded", "inputs": {"seed": 1}}})
        async with asyncio.timeout(30), server.session.head(job["urls"]["events"]) as answer:
            assert answer.status == 200 and answer.content_type == "text/event-stream"

    serving(tmp_path, test, NOBODY)


def test_of_an_ended_job_there_is_only_its_status(tmp_path):
    async def test(server):
        job = await run(server, drawn(1))
        assert [event async for event in events(server, job)] == [
            ("status", {"status": "succeeded", "queue_position": None})
        ]

    serving(tmp_path, test, [worker(tmp_path)])


def test_blockers_are_logged(tmp_path):
    async def test(server):
        await server.dispatcher.pause("until somebody watches")
        prompt = {**drawn(1), "2": {"class_type": "Block", "inputs": {"message": "not today"}}}
        prompt["9"]["inputs"]["images"] = ["2", 0]
        job = await submit(server, prompt)
        heard = []
        async for name, data in events(server, job):
            heard.append((name, data))
            if len(heard) == 1:
                await server.dispatcher.resume()
        (log,) = [data for name, data in heard if name == "log"]
        assert log["level"] == "warning" and "not today" in log["message"]

    serving(tmp_path, test, [worker(tmp_path)])


def test_those_who_wait_are_told_that_they_move_up(tmp_path):
    async def test(server):
        seeded = {"1": {"class_type": "Seeded", "inputs": {"seed": 1}}}
        first, second = await submit(server, seeded), await submit(server, seeded)
        heard = []
        async for _, data in events(server, second):
            heard.append((data["status"], data["queue_position"]))
            if heard[-1] == ("queued", 2):
                await server.post(f"{V2}/jobs/{first['id']}/cancel")
            if heard[-1] == ("queued", 1):
                await server.post(f"{V2}/jobs/{second['id']}/cancel")
        assert heard == [("queued", 2), ("queued", 1), ("canceled", None)]

    serving(tmp_path, test, NOBODY)


def test_silence_is_filled_with_comments(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "KEEP_ALIVE", 0.05)

    async def test(server):
        job = await submit(server, {"1": {"class_type": "Seeded", "inputs": {"seed": 1}}})
        async with asyncio.timeout(30), server.session.get(job["urls"]["events"]) as answer:
            async for line in answer.content:
                if line.startswith(b":"):
                    break

    serving(tmp_path, test, NOBODY)


def test_a_server_that_stops_does_not_wait_for_streams(tmp_path):
    async def test(server):
        job = await submit(server, {"1": {"class_type": "Seeded", "inputs": {"seed": 1}}})
        answer = await server.session.get(job["urls"]["events"])
        await answer.content.readline()
        await server.app.shutdown()
        async with asyncio.timeout(30):
            await answer.read()
        answer.close()

    serving(tmp_path, test, NOBODY)
