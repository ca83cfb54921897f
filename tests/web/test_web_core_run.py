"""POST /run: a prompt, and its pictures in the same answer."""

import asyncio
import base64
import contextlib
import json
from typing import Any

import pytest
import yarl
from aiohttp import ClientConnectionError

from execution.jobs.records import Outcome
from execution.workers.news import JobEnded
from tests.execution.worker_helpers import chain, one
from tests.web.helpers.serving import NOBODY, Served, serving

SHOWN = chain(("Text", {"text": "hi"}), ("Show", {"text": "<"}))


def saved(*files: tuple[str, str, str]) -> Outcome:
    images = [{"filename": name, "subfolder": folder, "type": kind} for name, folder, kind in files]
    used = {"seeds": {"1": 5}, "models": {}}
    return Outcome("success", {"2": {"images": images}}, executed=("1", "2"), seconds=1.25, used=used)


async def finished(server: Served, outcome: Outcome, path: str, status: int = 200, **options: Any) -> Any:
    """What /run answers when its job ends so."""

    async def end() -> None:
        async with asyncio.timeout(30):
            while (job := await server.store.claim("test")) is None:
                await asyncio.sleep(0.01)
        await server.store.finish(job.id, outcome)
        ended = await server.store.get(job.id)
        assert ended is not None
        server.dispatcher._emit(JobEnded(ended))

    body = json.dumps({"prompt": SHOWN})
    ending = asyncio.create_task(end())
    async with server.session.post(server.url + path, data=body, **options) as answer:
        data = await answer.read()
        assert answer.status == status, data
        await ending
        return data if answer.content_type.startswith("image/") else json.loads(data)


def test_a_run_answers_with_what_it_made(tmp_path):
    async def test(server: Served) -> None:
        prompt = {**SHOWN, "3": one("Seeded", seed=77)["1"]}
        answer = await server.post("/api/run", {"prompt": prompt})
        assert answer["status"] == "success"
        assert answer["outputs"] == {"2": {"text": ["hi"]}, "3": {"text": ["77"]}}
        assert answer["used"]["seeds"]
        assert answer["node_errors"] == {}
        assert answer["files"] == []
        assert (await server.get(answer["url"]))["id"] == answer["prompt_id"]

    serving(tmp_path, test)


def test_a_run_that_fails_names_its_node(tmp_path):
    async def test(server: Served) -> None:
        answer = await server.post("/run?wait=30", {"prompt": one("Act", what="raise")})
        assert answer["status"] == "error"
        assert answer["error"]["node_id"] == "1"
        assert answer["error"]["node_type"] == "Act"
        assert answer["error"]["message"] == "boom" or "boom" in answer["error"]["message"]
        assert "traceback" not in json.dumps(answer).lower()

    serving(tmp_path, test)


def test_when_the_wait_ends_first_the_job_goes_on(tmp_path):
    async def test(server: Served) -> None:
        async with server.session.post(f"{server.url}/api/run?wait=0.05", data=json.dumps({"prompt": SHOWN})) as answer:
            assert answer.status == 202
            told = await answer.json()
            assert told["status"] == "pending"
            assert answer.headers["Location"] == told["url"]
        assert (await server.get(told["url"]))["status"] == "pending"
        assert (await server.post("/api/run?wait=0", {"prompt": SHOWN}, 202))["status"] == "pending"
        assert (await server.post("/api/run?wait=-5", {"prompt": SHOWN}, 202))["status"] == "pending"

    serving(tmp_path, test, NOBODY)


def test_an_id_of_any_characters_can_be_asked_for(tmp_path):
    async def test(server: Served) -> None:
        job = "a?b#c %2F\u20ac&[1]"
        told = await server.post("/run?wait=0", {"prompt": SHOWN, "prompt_id": job}, 202)
        async with server.session.get(yarl.URL(server.url + told["url"], encoded=True)) as answer:
            assert (await answer.json())["id"] == job

    serving(tmp_path, test, NOBODY)


@pytest.mark.parametrize("query", ["wait=long", "wait=nan", "wait=inf", "images=yes"])
def test_a_query_that_means_nothing_queues_nothing(tmp_path, query):
    async def test(server: Served) -> None:
        assert (await server.post(f"/run?{query}", {"prompt": SHOWN}, 400))["error"]["type"] == "invalid_request"
        assert (await server.get("/prompt"))["exec_info"]["queue_remaining"] == 0

    serving(tmp_path, test, NOBODY)


def test_pictures_come_along(tmp_path):
    async def test(server: Served) -> None:
        output = server.site.workspace.folder("output")
        (output / "sub").mkdir()
        (output / "sub/a.png").write_bytes(b"PNG")
        (output / "b.jpg").write_bytes(b"JPEG")
        (server.site.workspace.folder("temp") / "t.png").write_bytes(b"TEMP")
        made = saved(("t.png", "", "temp"), ("a.png", "sub", "output"), ("b.jpg", "", "output"))
        answer = await finished(server, made, "/run?images=base64")
        assert [base64.b64decode(image["data"]) for image in answer["images"]] == [b"TEMP", b"PNG", b"JPEG"]
        assert [image["media_type"] for image in answer["images"]] == ["image/png", "image/png", "image/jpeg"]
        assert answer["used"] == {"seeds": {"1": 5}, "models": {}}
        assert answer["seconds"] == 1.25
        png = {"headers": {"Accept": "image/png"}}
        assert await finished(server, made, "/run", **png) == b"PNG"  # a saved one, of that type
        assert await finished(server, made, "/run", headers={"Accept": "image/jpeg, */*;q=0.1"}) == b"JPEG"
        webp = await finished(server, made, "/run", 406, headers={"Accept": "image/webp"})
        assert webp["error"]["type"] == "no_such_picture"
        (output / "c.svg").write_bytes(b"<svg onload='alert(1)'/>")
        others = saved(("c.svg", "", "output"), ("b.jpg", "", "output"))
        assert await finished(server, others, "/run", headers={"Accept": "image/*"}) == b"JPEG"  # no drawing that runs
        assert (await finished(server, others, "/run", 406, headers={"Accept": "image/svg+xml"}))["error"]
        failed = await finished(server, Outcome("cancelled"), "/run", 422, **png)
        assert failed["error"]["type"] == "run_failed"

    serving(tmp_path, test, NOBODY)


@pytest.mark.parametrize(
    "file",
    [("../secret", "", "output"), ("secret", "..", "output"), ("/etc/passwd", "", "output"), ("x", "", "user"),
     ("link", "", "output"), ("gone.png", "", "output"), ("", "", "output"), ("a\0b", "", "temp"),
     ("\ud800.png", "", "output")],
)  # fmt: skip
def test_a_name_that_leads_outside_is_not_read(tmp_path, file):
    async def test(server: Served) -> None:
        (tmp_path / "secret").write_text("the secret")
        (server.site.workspace.folder("output") / "link").symlink_to(tmp_path / "secret")
        answer = await finished(server, saved(file), "/run?images=base64", 404)
        assert answer["error"]["type"] == "not_found"

    serving(tmp_path, test, NOBODY)


def test_the_same_key_waits_for_the_same_job(tmp_path):
    async def test(server: Served) -> None:
        headers = {"Idempotency-Key": "once"}
        first = await server.post("/run?wait=0", {"prompt": SHOWN}, 202, headers=headers)
        again = await server.post("/run?wait=0", {"prompt": SHOWN}, 202, headers=headers)
        assert first["prompt_id"] == again["prompt_id"]

    serving(tmp_path, test, NOBODY)


def test_a_server_that_ends_lets_go_of_those_who_wait(tmp_path):
    async def test(server: Served) -> None:
        async def wait() -> None:
            with contextlib.suppress(ClientConnectionError, AssertionError):
                await server.post("/run?wait=600", {"prompt": SHOWN}, 202)

        waiting = asyncio.create_task(wait())
        async with asyncio.timeout(30):
            while (await server.get("/prompt"))["exec_info"]["queue_remaining"] == 0:
                await asyncio.sleep(0.01)
        tasks.append(waiting)

    tasks: list[asyncio.Task[None]] = []
    serving(tmp_path, test, NOBODY)
    assert tasks[0].done()
