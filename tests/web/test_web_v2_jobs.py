"""API v2: jobs are queued, polled, listed, cancelled; what they made can be fetched."""

import asyncio
import io
import uuid
from datetime import UTC, datetime, timedelta

from PIL import Image

from tests.web.helpers.serving import NOBODY, serving
from tests.web.v2_helpers import (
    V2,
    bytes_of,
    drawn,
    finished,
    hash_of,
    run,
    sampled,
    submit,
    worker,
)


def test_a_job_runs_and_its_picture_can_be_fetched(tmp_path):
    async def test(server):
        accepted = await submit(server, drawn(7))
        assert accepted["status"] in ("queued", "running", "succeeded")
        assert accepted["id"].startswith("job_") and accepted["error"] is None
        job = await finished(server, accepted)
        assert job["status"] == "succeeded" and job["queue_position"] is None
        (output,) = job["outputs"]
        assert (output["node_id"], output["type"], output["content_type"]) == ("9", "image", "image/png")
        assert output["name"] == "made_00001_.png" and output["job_id"] == job["id"]
        status, data, _ = await bytes_of(server, output["url"])
        assert status == 200 and len(data) == output["size_bytes"]
        assert Image.open(io.BytesIO(data)).getpixel((0, 0)) == (7, 0, 77)
        assert job["progress"]["value"] == 1.0 and job["progress"]["nodes_done"] == job["progress"]["nodes_total"] == 2
        assert job["metrics"]["queue_ms"] >= 0 and job["metrics"]["execution_ms"] >= 0
        assert job["used"]["seeds"] == {"1": 7}
        for name in ("created_at", "started_at", "completed_at", "expires_at"):
            moment = datetime.fromisoformat(job[name])
            assert job[name].endswith("Z") and abs(moment - datetime.now(UTC)) < timedelta(days=31)
        assert job["urls"]["self"] == f"{server.url}{V2}/jobs/{job['id']}"

    serving(tmp_path, test, [worker(tmp_path)])


def test_outputs_keep_their_ids_and_get_their_hash_later(tmp_path):
    async def test(server):
        job = await run(server, drawn(8))
        first = job["outputs"][0]
        async with asyncio.timeout(30):
            while (again := await server.get(f"{V2}/jobs/{job['id']}"))["outputs"][0]["hash"] is None:
                await asyncio.sleep(0.02)
        assert again["outputs"][0]["id"] == first["id"]
        _, data, _ = await bytes_of(server, first["url"])
        assert again["outputs"][0]["hash"] == hash_of(data)
        asset = await server.get(f"{V2}/assets/{first['id']}")
        assert asset["hash"] == hash_of(data) and asset["job_id"] == job["id"]
        other = await run(server, drawn(8))  # from the cache: the same file, and another asset
        assert other["outputs"][0]["name"] == first["name"] and other["outputs"][0]["id"] != first["id"]

    serving(tmp_path, test, [worker(tmp_path)])


def test_jobs_of_the_existing_api_are_there_too(tmp_path):
    async def test(server):
        chosen = await server.queue(drawn(1), prompt_id="mine: ä")
        by_name = await finished(server, {"id": "mine:%20%C3%A4"})
        assert by_name["id"].startswith("job_x") and chosen == "mine: ä"
        assert (await server.get(f"{V2}/jobs/{by_name['id']}"))["outputs"]
        given = str(uuid.uuid4())
        await server.queue(drawn(2), prompt_id=given)
        job = await finished(server, {"id": given})
        assert job["id"] == "job_" + given.replace("-", "")
        assert given in await server.get(f"/history/{given}")

    serving(tmp_path, test, [worker(tmp_path)])


def test_texts_are_outputs(tmp_path):
    async def test(server):
        job = await run(server, {"5": {"class_type": "Say", "inputs": {"text": "grüße"}}})
        (output,) = job["outputs"]
        assert (output["type"], output["content_type"]) == ("text", "text/plain")
        status, data, headers = await bytes_of(server, output["url"])
        assert status == 200 and data.decode() == "grüße" and output["size_bytes"] == len(data)
        assert output["hash"] == hash_of(data)
        assert headers["X-Content-Type-Options"] == "nosniff"

    serving(tmp_path, test, [worker(tmp_path)])


def test_a_node_that_fails_is_named(tmp_path):
    async def test(server):
        prompt = {**drawn(3), "2": {"class_type": "Fail", "inputs": {}}}
        prompt["9"]["inputs"]["images"] = ["2", 0]
        job = await run(server, prompt)
        error = job["error"]
        assert job["status"] == "failed" and error["code"] == "node_execution_error"
        assert (error["node_id"], error["class_type"]) == ("2", "Fail") and "on purpose" in error["message"]
        assert error["traceback"] is None and isinstance(error["inputs"], dict)

    serving(tmp_path, test, [worker(tmp_path)])


def test_waiting_jobs_know_their_place_and_can_be_cancelled(tmp_path):
    async def test(server):
        first, second = await submit(server, one()), await submit(server, one())
        assert (first["queue_position"], second["queue_position"]) == (1, 2)
        assert first["progress"] is None and first["outputs"] == [] and first["started_at"] is None
        cancelled = await server.post(f"{V2}/jobs/{first['id']}/cancel")
        assert cancelled["status"] == "canceled"
        assert (await server.post(f"{V2}/jobs/{first['id']}/cancel"))["status"] == "canceled"
        assert (await server.get(f"{V2}/jobs/{second['id']}"))["queue_position"] == 1
        page = await server.get(f"{V2}/jobs?status=canceled")
        assert [job["id"] for job in page["jobs"]] == [first["id"]]

    serving(tmp_path, test, NOBODY)


def test_places_are_those_in_which_jobs_will_run(tmp_path):
    async def test(server):
        for number in (5, 3, 4, 3):
            await server.queue(one(), number=number)
        await server.queue(one(), front=True)
        await server.dispatcher.move((await server.store.queue())[1][4].id, -50.0)
        _, pending = await server.store.queue()
        assert [await server.store.position(job.id) for job in pending] == [1, 2, 3, 4, 5]
        claimed = await server.store.claim("nobody")
        assert claimed.id == pending[0].id and await server.store.position(claimed.id) is None
        assert await server.store.position(pending[1].id) == 1
        await server.store.give_back(claimed.id, True)
        assert (await server.get(f"{V2}/jobs/{claimed.id}"))["queue_position"] == 1

    serving(tmp_path, test, NOBODY)


def one():
    return {"1": {"class_type": "Seeded", "inputs": {"seed": 1}}}


def test_a_running_job_is_canceling_until_it_has_stopped(tmp_path):
    async def test(server):
        job = await submit(server, sampled(steps=2000, seconds=0.05))
        async with asyncio.timeout(60):
            while (now := await server.get(job["urls"]["self"].removeprefix(server.url)))["status"] != "running":
                await asyncio.sleep(0.01)
            while not (now["progress"] or {}).get("step"):
                now = await server.get(f"{V2}/jobs/{job['id']}")
                await asyncio.sleep(0.01)
        progress = now["progress"]
        assert progress["current_node"] == "3" and progress["current_node_class"] == "Sampler"
        assert progress["steps"] == 2000 and progress["message"] == f"Sampler {progress['step']}/2000"
        assert 0 < progress["value"] < 1
        told = await server.post(f"{V2}/jobs/{job['id']}/cancel")
        assert told["status"] in ("canceling", "canceled")
        assert (await finished(server, job))["status"] == "canceled"
        assert (await server.post(f"{V2}/jobs/{job['id']}/cancel"))["status"] == "canceled"

    serving(tmp_path, test, [worker(tmp_path)])


def test_pages_go_on_where_the_last_one_ended_though_jobs_come(tmp_path):
    async def test(server):
        ids = [(await submit(server, one()))["id"] for _ in range(5)]
        first = await server.get(f"{V2}/jobs?limit=2")
        assert [job["id"] for job in first["jobs"]] == [ids[4], ids[3]]
        await submit(server, one())
        second = await server.get(f"{V2}/jobs?limit=2&cursor={first['next_cursor']}")
        assert [job["id"] for job in second["jobs"]] == [ids[2], ids[1]]
        third = await server.get(f"{V2}/jobs?limit=2&cursor={second['next_cursor']}")
        assert [job["id"] for job in third["jobs"]] == [ids[0]] and "next_cursor" not in third

    serving(tmp_path, test, NOBODY)


def test_labels_are_kept_and_found(tmp_path):
    async def test(server):
        for number in range(3):
            await submit(server, one(), more={"metadata": {"client": "acme", "run": str(number)}})
        await submit(server, one(), more={"metadata": {"client": "other"}})
        page = await server.get(f"{V2}/jobs", params={"metadata[client]": "acme", "limit": "2"})
        assert [job["metadata"]["run"] for job in page["jobs"]] == ["2", "1"]
        rest = await server.get(
            f"{V2}/jobs", params={"metadata[client]": "acme", "limit": "2", "cursor": page["next_cursor"]}
        )
        assert [job["metadata"]["run"] for job in rest["jobs"]] == ["0"]
        assert (await server.get(f"{V2}/jobs/{rest['jobs'][0]['id']}"))["metadata"] == {"client": "acme", "run": "0"}
        for wrong in (
            {"": "a"},
            {"a b": "c"},
            {"a": 1},
            {"a": "x" * 300},
            {"a": "\u202e"},
            [],
            {str(n): "" for n in range(17)},
        ):
            refused = await submit(server, one(), 422, more={"metadata": wrong})
            assert refused["error"]["code"] == "metadata_invalid", wrong
        assert (await server.get(f"{V2}/jobs", 422, params={"metadata[a b]": "c"}))["error"]["code"] == (
            "invalid_metadata_filter"
        )

    serving(tmp_path, test, NOBODY)


def test_the_workflow_of_a_job_can_be_read_back(tmp_path):
    async def test(server):
        job = await submit(server, one())
        told = await server.get(f"{V2}/jobs/{job['id']}/workflow")
        assert told == {"workflow": one(), "format": "api"}

    serving(tmp_path, test, NOBODY)


def test_what_is_not_there_is_not_found(tmp_path):
    async def test(server):
        for path in (
            "/jobs/job_nothing",
            "/jobs/x/workflow",
            "/jobs/job_x!!/events",
            "/assets/asset_1",
            "/assets/1/content",
        ):
            told = await server.get(V2 + path, 404)
            assert told["error"]["code"] == "not_found" and told["error"]["message"].endswith(".")
        assert (await server.post(f"{V2}/jobs/job_1/cancel", status=404))["error"]["code"] == "not_found"
        assert (await server.get(f"{V2}/nothing", 404))["error"]["code"] == "not_found"

    serving(tmp_path, test, NOBODY)


def test_health(tmp_path):
    async def test(server):
        await submit(server, one())
        health = await server.get(f"{V2}/health")
        assert health["status"] == "ok" and health["queue"] == {"remaining": 1, "paused": None}
        await server.dispatcher.pause("for a test")
        assert (await server.get(f"{V2}/health"))["status"] == "paused"

    serving(tmp_path, test, NOBODY)


def test_a_token_is_asked_for(tmp_path):
    async def test(server):
        told = await server.get(f"{V2}/health", 401)
        assert told["error"]["code"] == "unauthorized"
        assert (await server.get(f"{V2}/health", headers={"Authorization": "Bearer secret"}))["status"] == "ok"

    serving(tmp_path, test, NOBODY, token="secret")
