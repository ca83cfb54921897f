"""API v2: what is accepted, what is refused, and that sending twice is safe."""

import asyncio
import json

import pytest

from tests.web.helpers.serving import NOBODY, serving
from tests.web.v2_helpers import V2, drawn, finished, submit, worker
from web.v2.ids import public_job_id, stored_job_id


def seeded(seed=1):
    return {"1": {"class_type": "Seeded", "inputs": {"seed": seed}}}


def test_the_same_request_twice_is_one_job(tmp_path):
    async def test(server):
        key = {"Idempotency-Key": "0f8fad5b-d9cb-469f-a165-70867728950e"}
        first = await submit(server, seeded(), headers=key)
        async with server.session.post(
            f"{server.url}{V2}/jobs", data=json.dumps({"workflow": seeded()}), headers=key
        ) as answer:
            assert answer.status == 201 and answer.headers["Idempotency-Replayed"] == "true"
            assert (await answer.json())["id"] == first["id"]
        other = await submit(server, seeded(2), 422, headers=key)
        assert other["error"]["code"] == "idempotency_key_reuse"
        labelled = await submit(server, seeded(), 422, headers=key, more={"metadata": {"a": "b"}})
        assert labelled["error"]["code"] == "idempotency_key_reuse"
        assert len((await server.get(f"{V2}/jobs"))["jobs"]) == 1
        assert (await submit(server, seeded()))["id"] != first["id"]  # without a key: a job each

    serving(tmp_path, test, NOBODY)


def test_a_replay_tells_how_the_job_stands_now(tmp_path):
    async def test(server):
        key = {"Idempotency-Key": "k"}
        job = await finished(server, await submit(server, drawn(4), headers=key))
        again = await submit(server, drawn(4), headers=key)
        assert again["status"] == "succeeded" and again["outputs"][0]["id"] == job["outputs"][0]["id"]

    serving(tmp_path, test, [worker(tmp_path)])


def test_a_second_request_while_the_first_is_answered_is_asked_to_wait(tmp_path):
    async def test(server):
        held, go_on = asyncio.Event(), asyncio.Event()
        validate = server.dispatcher.validate

        async def slow(*arguments):
            held.set()
            await go_on.wait()
            return await validate(*arguments)

        server.dispatcher.validate = slow
        first = asyncio.create_task(submit(server, seeded(), headers={"Idempotency-Key": "k"}))
        await held.wait()
        data = json.dumps({"workflow": seeded()})
        async with server.session.post(f"{server.url}{V2}/jobs", data=data, headers={"Idempotency-Key": "k"}) as answer:
            assert answer.status == 409 and answer.headers["Retry-After"] == "1"
            assert (await answer.json())["error"]["code"] == "idempotency_conflict"
        go_on.set()
        accepted = await first
        assert (await submit(server, seeded(), headers={"Idempotency-Key": "k"}))["id"] == accepted["id"]

    serving(tmp_path, test, NOBODY)


def test_an_invalid_workflow_names_its_nodes(tmp_path):
    async def test(server):
        wrong = {"1": {"class_type": "TakesAll", "inputs": {}}}
        told = (await submit(server, wrong, 422))["error"]
        assert told["code"] == "invalid_workflow"
        (problem,) = told["details"]["node_errors"]["1"]
        assert problem["field"] == "value" and problem["reason"] == "required_input_missing"
        assert "node 1 (TakesAll)" in told["message"] and "value" in told["message"]
        unknown = (await submit(server, {"1": {"class_type": "Nope", "inputs": {}}}, 422))["error"]
        assert unknown["code"] == "invalid_workflow" and "Nope" in unknown["message"]

    serving(tmp_path, test, NOBODY)


def test_what_is_left_out_of_a_partly_valid_workflow_is_told(tmp_path):
    async def test(server):
        job = await submit(server, {**seeded(), "2": {"class_type": "TakesAll", "inputs": {}}})
        assert [*job["node_errors"]] == ["2"]

    serving(tmp_path, test, NOBODY)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid_workflow"),
        ({"workflow": []}, "invalid_workflow"),
        ({"workflow": {}}, "invalid_workflow"),
        ({"workflow": {"1": 5}}, "invalid_workflow"),
        ({"workflow": {"nodes": [], "links": [], "last_node_id": 1}}, "workflow_format_ui"),
        ({"workflow": seeded(), "webhook_url": "http://example.com"}, "invalid_request"),
        ({"workflow": seeded(), "inputs": {}}, "invalid_request"),
        ({"workflow": seeded(), "extra_data": []}, "invalid_request"),
    ],
)
def test_bodies_that_are_refused(tmp_path, body, code):
    async def test(server):
        told = await server.post(f"{V2}/jobs", body, 422)
        assert told["error"]["code"] == code and told["error"]["message"].endswith(".")
        assert (await server.get("/prompt"))["exec_info"]["queue_remaining"] == 0

    serving(tmp_path, test, NOBODY)


def test_malformed_json_and_odd_keys(tmp_path):
    async def test(server):
        told = await server.ask("POST", f"{V2}/jobs", 400, data=b"{nope")
        assert told["error"]["code"] == "invalid_json"
        for key in ("x" * 256, ""):
            told = await submit(server, seeded(), 422, headers={"Idempotency-Key": key})
            assert told["error"]["code"] == "invalid_request"

    serving(tmp_path, test, NOBODY)


def test_lists_refuse_what_they_do_not_know(tmp_path):
    async def test(server):
        for query in ("status=done", "limit=0", "limit=101", "limit=x", "limit=%C2%B2"):
            assert (await server.get(f"{V2}/jobs?{query}", 422))["error"]["code"] == "invalid_request"
        assert (await server.get(f"{V2}/jobs?cursor=x", 422))["error"]["code"] == "invalid_cursor"
        assert (await server.get(f"{V2}/jobs?status=expired"))["jobs"] == []

    serving(tmp_path, test, NOBODY)


@pytest.mark.parametrize(
    "stored", ["a678b26b-0b0b-432f-b5bf-adf1eddc206b", "mine", "ä/../?#", "\ud800", "job_1", "A678B26B"]
)
def test_public_ids_lead_back(stored):
    public = public_job_id(stored)
    assert public.isascii() and public.startswith("job_") and stored_job_id(public) == stored
