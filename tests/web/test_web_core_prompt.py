"""POST /prompt: what is accepted, and the words in which the rest is refused."""

import asyncio
import json
from typing import Any

import pytest

from tests.execution.worker_helpers import chain, launch, one
from tests.web.helpers.serving import NOBODY, Served, served, serving

SHOWN = chain(("Text", {"text": "hi"}), ("Show", {"text": "<"}))


def refused(type: str, message: str, details: str) -> dict[str, Any]:
    return {"error": {"type": type, "message": message, "details": details, "extra_info": {}}, "node_errors": {}}


def test_accepted_prompts_are_numbered_and_listed(tmp_path):
    async def test(server: Served) -> None:
        assert await server.get("/prompt") == {"exec_info": {"queue_remaining": 0}}
        first = await server.post("/prompt", {"prompt": SHOWN, "client_id": "me", "extra_data": {"k": 1}})
        assert first["number"] == 0
        assert first["node_errors"] == {}
        second = await server.post("/api/prompt", {"prompt": SHOWN, "prompt_id": "own-id", "number": 7.5})
        assert second == {"prompt_id": "own-id", "number": 7.5, "node_errors": {}}
        third = await server.post("/prompt", {"prompt": SHOWN, "front": True})
        assert third["number"] < 0
        queue = await server.get("/api/queue")
        assert queue["queue_running"] == []
        assert [entry[1] for entry in queue["queue_pending"]] == [third["prompt_id"], first["prompt_id"], "own-id"]
        assert queue["queue_pending"][1] == [0, first["prompt_id"], SHOWN, {"k": 1, "client_id": "me"}, ["2"]]
        assert await server.get("/api/prompt") == {"exec_info": {"queue_remaining": 3}}

    serving(tmp_path, test, NOBODY)


def test_the_body_is_read_whatever_its_content_type_says(tmp_path):
    async def test(server: Served) -> None:
        for kind in ("application/x-www-form-urlencoded", "text/plain", "application/json", "nonsense"):
            await server.post("/prompt", {"prompt": SHOWN}, headers={"Content-Type": kind})

    serving(tmp_path, test, NOBODY)


def test_refusals_have_the_words_that_clients_know(tmp_path):
    async def test(server: Served) -> None:
        async def refuse(body: Any) -> Any:
            return await server.post("/prompt", body, 400)

        no_prompt = refused("no_prompt", "No prompt provided", "No prompt provided")
        assert await refuse({}) == no_prompt
        unknown = refused("invalid_prompt", "Cannot execute because node Nope does not exist.", "Node ID '#1'")
        assert await refuse({"prompt": one("Nope")}) == unknown
        missing = "Cannot execute because a node is missing the class_type property."
        assert await refuse({"prompt": {"1": {"inputs": {}}}}) == refused("invalid_prompt", missing, "Node ID '#1'")
        no_outputs = refused("prompt_no_outputs", "Prompt has no outputs", "")
        assert await refuse({"prompt": one("Text")}) == no_outputs
        assert await refuse({"prompt": SHOWN, "partial_execution_targets": []}) == no_outputs
        missing_input = {"type": "required_input_missing", "message": "Required input is missing", "details": "value"}
        own = {
            "errors": [{**missing_input, "extra_info": {"input_name": "value"}}],
            "dependent_outputs": ["1"],
            "class_type": "TakesAll",
        }
        failed = refused(
            "prompt_outputs_failed_validation", "Prompt outputs failed validation", "Required input is missing: value"
        )
        assert await refuse({"prompt": one("TakesAll")}) == {**failed, "node_errors": {"1": own}}

    serving(tmp_path, test, NOBODY)


@pytest.mark.parametrize(
    ("beside", "type"),
    [
        ({"prompt": 5}, "invalid_prompt"),
        ({"prompt": None}, "invalid_prompt"),
        ({"prompt": {"1": None}}, "invalid_prompt"),
        ({"prompt": {"1": {"class_type": "Show", "inputs": 4}}}, "invalid_prompt"),
        ({"prompt_id": ""}, "invalid_prompt_id"),
        ({"prompt_id": {"a": 1}}, "invalid_prompt_id"),
        ({"prompt_id": "\ud800"}, "invalid_prompt_id"),
        ({"prompt_id": "x" * 300}, "invalid_prompt_id"),
        ({"number": "first"}, "invalid_number"),
        ({"number": float("nan")}, "invalid_number"),
        ({"number": 10**400}, "invalid_number"),
        ({"partial_execution_targets": "2"}, "invalid_targets"),
        ({"partial_execution_targets": [None]}, "invalid_targets"),
        ({"extra_data": []}, "invalid_extra_data"),
        ({"webhook": "http://127.0.0.1/x"}, "invalid_webhook"),
    ],
)
def test_what_stands_beside_the_prompt_is_checked(tmp_path, beside, type):
    async def test(server: Served) -> None:
        answer = await server.post("/prompt", {"prompt": SHOWN, **beside}, 400)
        assert answer["error"]["type"] == type
        assert answer["error"]["message"]
        assert (await server.get("/prompt"))["exec_info"]["queue_remaining"] == 0

    serving(tmp_path, test, NOBODY)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"5",
        b'"x"',
        b"\xff\xfe",
        b"\x80abc",
        b'{"prompt": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"prompt": ' + b"[" * 600 + b"]" * 600 + b"}",
        b'{"prompt": ' + b"1" * 5_000 + b"}",
    ],
    ids=lambda body: repr(body[:14]),
)
def test_what_is_no_json_object_is_refused_with_a_sentence(tmp_path, body):
    async def test(server: Served) -> None:
        for path in ("/prompt", "/api/run", "/queue", "/history", "/api/queue/move", "/api/jobs/cancel"):
            answer = await server.ask("POST", path, 400, data=body)
            assert answer["error"]["type"] == "invalid_json"
            assert answer["error"]["message"].endswith(".")
            assert answer["error"]["details"]

    serving(tmp_path, test, NOBODY)


def test_a_body_that_is_too_large_is_refused_before_it_is_read(tmp_path):
    async def test(server: Served) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"POST /prompt HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999\r\n\r\n")
        head = await reader.readuntil(b"\r\n")
        assert b" 413 " in head
        writer.close()
        await writer.wait_closed()

    serving(tmp_path, test, NOBODY)


def test_outputs_that_cannot_run_are_left_out_and_named(tmp_path):
    async def test(server: Served) -> None:
        prompt = {**SHOWN, "9": {"class_type": "Show", "inputs": {"text": ["77", 0]}}}
        answer = await server.post("/prompt", {"prompt": prompt})
        assert set(answer["node_errors"]) == {"9"}
        [entry] = (await server.get("/queue"))["queue_pending"]
        assert entry[4] == ["2"]

    serving(tmp_path, test, NOBODY)


def test_only_the_outputs_asked_for_run(tmp_path):
    async def test(server: Served) -> None:
        prompt = {**SHOWN, "9": {"class_type": "Show", "inputs": {"text": ["1", 0]}}}
        await server.post("/prompt", {"prompt": prompt, "partial_execution_targets": ["9"]})
        [entry] = (await server.get("/queue"))["queue_pending"]
        assert entry[4] == ["9"]

    serving(tmp_path, test, NOBODY)


def test_the_kept_prompt_has_converted_values_and_keeps_the_rest(tmp_path):
    prompt = {
        "1": {"class_type": "Seeded", "inputs": {"seed": "16"}, "_meta": {"title": "T", "x": 1}, "is_changed": [1]},
        "2": {"class_type": "Show", "inputs": {"text": {"__value__": "a"}}},
    }

    async def test(server: Served) -> None:
        await server.post("/prompt", {"prompt": prompt})
        [entry] = (await server.get("/queue"))["queue_pending"]
        assert entry[2]["1"] == {**prompt["1"], "inputs": {"seed": 16}}
        assert entry[2]["2"]["inputs"] == {"text": "a"}

    serving(tmp_path, test, NOBODY)


def test_secrets_of_nodes_are_not_told_again(tmp_path):
    async def test(server: Served) -> None:
        job = await server.queue(SHOWN, extra_data={"api_key_comfy_org": "s3cret", "k": 1})
        texts = [json.dumps(await server.get(path)) for path in ("/queue", f"/api/jobs/{job}", "/api/jobs")]
        assert not [text for text in texts if "s3cret" in text]
        [pending] = (await server.store.queue())[1]
        assert pending.extra["api_key_comfy_org"] == "s3cret"  # nodes do get it

    serving(tmp_path, test, NOBODY)


def test_a_job_id_is_used_once(tmp_path):
    async def test(server: Served) -> None:
        await server.queue(SHOWN, prompt_id="mine")
        answer = await server.post("/prompt", {"prompt": SHOWN, "prompt_id": "mine"}, 409)
        assert answer["error"]["type"] == "prompt_id_in_use"

    serving(tmp_path, test, NOBODY)


def test_the_same_idempotency_key_queues_once(tmp_path):
    async def test(server: Served) -> None:
        headers = {"Idempotency-Key": "k1"}
        first = await server.post("/prompt", {"prompt": SHOWN}, headers=headers)
        async with server.session.post(
            f"{server.url}/prompt", data=json.dumps({"prompt": SHOWN}), headers=headers
        ) as answer:
            assert answer.headers["Idempotency-Replayed"] == "true"
            assert (await answer.json())["prompt_id"] == first["prompt_id"]
        assert (await server.get("/prompt"))["exec_info"]["queue_remaining"] == 1
        other = await server.post("/prompt", {"prompt": one("Seeded")}, 422, headers=headers)
        assert other["error"]["type"] == "idempotency_key_reuse"

    serving(tmp_path, test, NOBODY)


UI_WORKFLOW = {
    "version": 0.4,
    "nodes": [
        {
            "id": 1, "type": "Text", "widgets_values": ["hello"],
            "outputs": [{"name": "text", "type": "STRING", "links": [1]}],
        },
        {
            "id": 2, "type": "Show",
            "inputs": [{"name": "text", "type": "STRING", "link": 1, "widget": {"name": "text"}}],
        },
    ],
    "links": [[1, 1, 0, 2, 0, "STRING"]],
}  # fmt: skip


@pytest.mark.parametrize("body", [{"prompt": UI_WORKFLOW}, {"workflow": UI_WORKFLOW}, UI_WORKFLOW])
def test_a_workflow_of_the_editor_is_converted(tmp_path, body):
    async def test(server: Served) -> None:
        job = (await server.post("/prompt", body))["prompt_id"]
        entry = await server.ended(job)
        assert entry["outputs"] == {"2": {"text": ["hello"]}}
        assert entry["prompt"][3]["extra_pnginfo"]["workflow"]["nodes"][0]["type"] == "Text"

    serving(tmp_path, test)


def test_until_a_worker_has_told_its_node_types_prompts_wait_for_it(tmp_path):
    async def main() -> None:
        async with served(tmp_path, [launch()]) as server:
            answer = await server.post("/prompt", {"prompt": SHOWN})  # at once: the worker is still starting
            assert (await server.ended(answer["prompt_id"]))["status"]["completed"]

    asyncio.run(main())
