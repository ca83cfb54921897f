"""The history and the list of jobs: what ran, and what it made."""

import asyncio
from typing import Any

from execution.jobs.records import Job, Outcome
from tests.execution.worker_helpers import chain, launch, one
from tests.web.helpers.serving import NOBODY, Served, served, serving
from web.answers import to_json
from web.job_results import job_detail, job_object, run_result

SHOWN = chain(("Text", {"text": "hi"}), ("Show", {"text": "<"}))


def test_an_entry_has_what_clients_read(tmp_path):
    async def test(server: Served) -> None:
        assert await server.get("/history/unknown") == {}
        job = await server.queue(SHOWN, client_id="me", extra_data={"extra_pnginfo": {"workflow": {"id": "w"}}})
        entry = await server.ended(job)
        extra = {"extra_pnginfo": {"workflow": {"id": "w"}}, "client_id": "me"}
        assert entry["prompt"] == [0, job, SHOWN, extra, ["2"]]
        assert entry["outputs"] == {"2": {"text": ["hi"]}}
        assert entry["meta"] == {"2": {"node_id": "2", "display_node": "2", "parent_node": None, "real_node_id": "2"}}
        assert entry["status"]["status_str"] == "success"
        assert entry["status"]["completed"] is True
        kinds = [kind for kind, _ in entry["status"]["messages"]]
        assert kinds == ["execution_start", "execution_cached", "execution_success"]
        for _, data in entry["status"]["messages"]:
            assert data["prompt_id"] == job
            assert isinstance(data["timestamp"], int)
        assert await server.get(f"/api/history/{job}") == {job: entry}

    serving(tmp_path, test)


def test_a_failed_job_names_its_node(tmp_path):
    async def test(server: Served) -> None:
        job = await server.queue(chain(("Text", {"text": "a"}), ("Act", {"what": "raise", "text": "<"})))
        entry = await server.ended(job)
        assert entry["status"]["status_str"] == "error"
        assert entry["status"]["completed"] is False
        kind, data = entry["status"]["messages"][-1]
        assert kind == "execution_error"
        assert data["node_id"] == "2"
        assert data["node_type"] == "Act"
        assert data["exception_type"] == "RuntimeError"
        assert "boom" in data["exception_message"]
        assert data["exception_message"].endswith("\n")
        assert data["current_inputs"]["text"] == ["a"]
        assert "1" in data["executed"]
        detail = await server.get(f"/api/jobs/{job}")
        assert detail["status"] == "failed"
        assert detail["execution_error"] == data

    serving(tmp_path, test)


def test_a_worker_that_dies_is_told_as_a_failure(tmp_path):
    async def test(server: Served) -> None:
        entry = await server.ended(await server.queue(one("Act", what="_exit")))
        kind, data = entry["status"]["messages"][-1]
        assert kind == "execution_error"
        assert data["exception_type"]
        assert data["exception_message"].strip()
        assert isinstance(data["node_id"], str)
        assert (await server.ended(await server.queue(SHOWN)))["status"]["completed"]

    serving(tmp_path, test)


def test_outputs_that_json_cannot_say_do_not_break_the_history(tmp_path):
    async def test(server: Served) -> None:
        entry = await server.ended(await server.queue(one("Act", what="strange")))
        assert entry["status"]["completed"]
        assert await server.get("/history")  # all of it, as strict JSON

    serving(tmp_path, test)


def test_pages_of_the_history(tmp_path):
    async def test(server: Served) -> None:
        ids = [await server.queue(one("Seeded", seed=seed), prompt_id=f"job{seed}") for seed in range(5)]
        await server.ended(ids[-1])

        async def page(query: str) -> list[str]:
            return list(await server.get(f"/history{query}"))

        assert await page("") == ids
        assert await page("?offset=0") == ids
        assert await page("?offset=3") == ids[3:]
        assert await page("?max_items=2") == ids[3:]
        assert await page("?max_items=2&offset=1") == ids[1:3]
        assert await page("?max_items=2&offset=0") in (ids[:2], ids[3:])
        assert await page("?offset=5") == []
        assert await page("?max_items=99999999999999999999999") == ids
        await server.get("/history?max_items=many", 400)
        await server.post("/history", {"delete": [ids[0], "unknown"]})
        assert await page("") == ids[1:]
        await server.post("/api/history", {"clear": True})
        assert await page("") == []

    serving(tmp_path, test)


def test_the_history_outlives_the_server(tmp_path):
    async def main() -> None:
        async with served(tmp_path, [launch()]) as server:
            job = await server.queue(SHOWN)
            before = await server.ended(job)
        async with served(tmp_path, NOBODY) as server:
            assert await server.get(f"/history/{job}") == {job: before}

    asyncio.run(main())


def test_jobs_of_every_state_in_pages(tmp_path):
    async def test(server: Served) -> None:
        done = await server.queue(SHOWN)
        await server.ended(done)
        await server.post("/api/queue/pause")
        waiting = [await server.queue(one("Seeded", seed=seed)) for seed in range(3)]
        answer = await server.get("/api/jobs")
        assert answer["pagination"] == {"offset": 0, "limit": 100, "total": 4, "has_more": False}
        assert {job["id"] for job in answer["jobs"]} == {done, *waiting}
        page = await server.get("/jobs?status=pending&limit=2&offset=0&sort_order=asc")
        assert [job["id"] for job in page["jobs"]] == waiting[:2]
        assert page["pagination"] == {"offset": 0, "limit": 2, "total": 3, "has_more": True}
        rest = await server.get("/api/jobs?status=pending,in_progress&limit=2&offset=2&sort_order=asc")
        assert [job["id"] for job in rest["jobs"]] == waiting[2:]
        assert rest["pagination"]["has_more"] is False
        assert (await server.get("/api/jobs?limit=0"))["jobs"] == []
        for query in ("status=odd", "limit=x", "sort_by=age", "sort_order=up"):
            assert (await server.get(f"/api/jobs?{query}", 400))["error"]["type"] == "invalid_request"
        job = await server.get(f"/api/jobs/{done}")
        assert job["status"] == "completed"
        assert job["create_time"] <= job["execution_start_time"] <= job["execution_end_time"]
        assert job["workflow"]["prompt"] == SHOWN
        assert job["outputs"] == {"2": {"text": ["hi"]}}
        await server.get("/api/jobs/unknown", 404)

    serving(tmp_path, test)


def test_jobs_are_cancelled_by_id_whatever_their_state(tmp_path):
    async def test(server: Served) -> None:
        long = await server.queue(one("Steps", count=2_000, seconds=0.02))
        waiting = await server.queue(SHOWN)
        others = [await server.queue(SHOWN) for _ in range(2)]
        async with asyncio.timeout(60):
            while (await server.get(f"/api/jobs/{long}"))["status"] != "in_progress":
                await asyncio.sleep(0.02)
        assert await server.post(f"/api/jobs/{waiting}/cancel") == {"cancelled": True}
        assert await server.post("/api/jobs/cancel", {"job_ids": [*others, "unknown"]}) == {"cancelled": others}
        assert await server.post(f"/api/jobs/{long}/cancel") == {"cancelled": True}
        await server.ended(long)
        assert (await server.get(f"/api/jobs/{long}"))["status"] == "cancelled"
        assert await server.post(f"/api/jobs/{long}/cancel") == {"cancelled": False}
        await server.post("/api/jobs/unknown/cancel", status=404)
        await server.post("/api/jobs/cancel", {"job_ids": "x"}, 400)

    serving(tmp_path, test)


def ended(outputs: dict[str, Any]) -> Job:
    return Job("j", 0.0, "success", {}, ("1",), {}, 1, 2, 3, 1, "w", Outcome("success", outputs))


def test_the_file_that_stands_for_a_job_is_a_saved_picture():
    picture = {"filename": "b c.png", "subfolder": "s", "type": "output"}
    job = ended(
        {
            "1": {"images": [{"filename": "p.png", "subfolder": "", "type": "temp"}], "animated": [False]},
            "2": {"audio": [{"filename": "a.flac", "subfolder": "", "type": "output"}], "text": ["hello"]},
            "3": {"images": [picture]},
        }
    )
    shown = job_object(job)
    assert shown["outputs_count"] == 3
    assert shown["preview_output"] == {**picture, "nodeId": "3", "mediaType": "images"}
    urls = [file["url"] for file in run_result(job)["files"]]
    assert urls[2] == "/api/view?filename=b+c.png&subfolder=s&type=output"


def test_names_that_utf8_cannot_hold_are_told_all_the_same():
    job = ended({"1": {"images": [{"filename": "\udcff.png", "subfolder": "\ud800", "type": "output"}]}})
    assert to_json(job_detail(job))
    assert run_result(job)["files"][0]["url"].startswith("/api/view?filename=%3F.png")


def test_outputs_of_any_shape_are_told():
    job = ended({"1": {"images": "none", "files": [None, 5, {"filename": 3}, {"filename": "x"}]}})
    assert job_object(job)["outputs_count"] == 1
    assert job_object(job)["preview_output"]["filename"] == "x"
    odd = ended({"1": {"images": [{"filename": "x", "type": "elsewhere"}]}, "2": {"text": ["y" * 5_000]}})
    assert job_object(odd)["preview_output"] == {"content": "y" * 1_000, "nodeId": "2", "mediaType": "text"}
    assert job_object(ended({"1": {"text": 5}}))["preview_output"] is None
