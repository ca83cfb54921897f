"""Reports of nodes and forecasts, as clients get them."""

import asyncio

import pytest

from tests.execution.worker_helpers import chain, one
from tests.web.helpers.serving import NOBODY, served, serving
from tests.web.helpers.sockets import ears

SHOWN = chain(("Text", {"text": "a"}), ("Join", {"a": "<", "b": "b"}), ("Show", {"text": "<"}))
FIRST = "ran because this is the first run."


def test_nodes_are_reported_as_they_finish(tmp_path):
    async def test(server):
        await server.ready()
        async with ears(server, "me", weft_node_reports=True) as me:
            first = await server.queue(SHOWN, client_id="me")
            await me.until_over(first)
            told = me.of("weft_node_report")
            assert [one["final"] for one in told] == [False] * (len(told) - 1) + [True]
            assert {one["prompt_id"] for one in told} == {first}
            reported = [node for one in told for node in one["nodes"]]
            assert sorted(reported) == ["1", "2", "3"], "each once"
            kinds = me.kinds("status", "progress_state")
            assert kinds[-3:] == ["weft_node_report", "execution_success", "executing"]
            nodes = {node: about for one in told for node, about in one["nodes"].items()}
            assert nodes["2"]["why"] == f"Node 2 (Join) {FIRST}"
            assert nodes["2"]["state"] == "ran" and nodes["2"]["seconds"] >= 0 and nodes["2"]["peak_bytes"] is None
            second = await server.queue(SHOWN, client_id="me")
            await me.until_over(second)
            nodes = {
                n: a for one in me.of("weft_node_report") if one["prompt_id"] == second for n, a in one["nodes"].items()
            }
            assert nodes["1"] == {
                "state": "cached", "seconds": None, "peak_bytes": None,
                "why": "Node 1 (Text) did not run: its result was known.",
            }  # fmt: skip
            report = await server.get(f"/api/jobs/{second}/report")
            assert report["nodes"] == nodes and report["status"] == "completed" and report["seconds"] >= 0

    serving(tmp_path, test)


def test_who_does_not_ask_hears_nothing_of_it(tmp_path):
    async def test(server):
        await server.ready()
        async with ears(server, "me", weft_progress_deltas=True) as me:
            await me.until_over(await server.queue(one("Steps", count=3), client_id="me"))
            assert not {"weft_node_report", "weft_eta"} & set(me.kinds())

    serving(tmp_path, test)


def test_who_asks_in_the_middle_of_a_job_hears_of_all_its_nodes(tmp_path):
    async def test(server):
        await server.ready()
        prompt = chain(("Text", {"text": "a"}), ("Steps", {"text": "<", "count": 2, "seconds": 3600}))
        job = await server.queue(prompt, client_id="me")
        async with ears(server, "me") as me:
            await me.until(lambda said: isinstance(said, dict) and said["type"] == "progress")
            await me.socket.send_json({"type": "feature_flags", "data": {"weft_node_reports": True}})
            said = await me.until(lambda said: isinstance(said, dict) and said["type"] == "weft_node_report")
            assert set(said["data"]["nodes"]) == {"1"} and not said["data"]["final"]
            running = await server.get(f"/api/jobs/{job}/report")
            assert set(running["nodes"]) == {"1"} and running["status"] == "in_progress" and running["seconds"] > 0
        server.dispatcher._seats[0].kill("it was ended by the test")
        await server.post(f"/api/jobs/{job}/cancel")

    serving(tmp_path, test)


def test_a_failed_node_is_reported_and_the_input_that_it_blames(tmp_path):
    async def test(server):
        await server.ready()
        async with ears(server, "me", weft_node_reports=True) as me:
            job = await server.queue(one("Act", what="raise"), client_id="me")
            await me.until_over(job)
            last = me.of("weft_node_report")[-1]
            assert last["final"] and last["nodes"]["1"]["state"] == "failed"
            assert last["nodes"]["1"]["why"] == f"Node 1 (Act) {FIRST}"
            assert me.of("execution_error")[0]["weft_input"] is None
            job = await server.queue({"1": {"class_type": "Refuse", "inputs": {"text": "bad"}}}, client_id="me")
            await me.until_over(job)
            assert me.of("execution_error")[-1]["weft_input"] == "text"

    serving(tmp_path, test)


def test_a_report_outlasts_the_server(tmp_path):
    async def main():
        async with served(tmp_path) as server:
            await server.ready()
            job = await server.queue(SHOWN)
            await server.ended(job)
            report = await server.get(f"/api/jobs/{job}/report")
        async with served(tmp_path, NOBODY) as server:
            assert await server.get(f"/jobs/{job}/report") == report

    asyncio.run(main())


@pytest.mark.parametrize("name", ["nobody", "%2e%2e", "x" * 500, "%00", "a%2Fb"])
def test_a_job_that_is_not_there_has_no_report(tmp_path, name):
    async def test(server):
        assert (await server.get(f"/api/jobs/{name}/report", 404))["error"]["type"] == "not_found"

    serving(tmp_path, test, NOBODY)


def test_a_job_that_waits_has_an_empty_report(tmp_path):
    async def test(server):
        job = await server.queue(SHOWN)
        report = await server.get(f"/api/jobs/{job}/report")
        assert report == {"prompt_id": job, "status": "pending", "seconds": None, "nodes": {}}

    serving(tmp_path, test, NOBODY)


def test_a_forecast_is_told_while_a_job_runs(tmp_path):
    async def test(server):
        await server.ready()
        async with ears(server, "me", weft_eta=True) as me:
            prompt = one("Steps", count=8, seconds=0.1)
            await me.until_over(await server.queue(prompt, client_id="me"))
            told = len(me.of("weft_eta"))
            second = await server.queue(one("Steps", count=8, seconds=0.1, text="again"), client_id="me")
            await me.until_over(second)
            etas = me.of("weft_eta")[told:]
            assert etas and {eta["prompt_id"] for eta in etas} == {second}
            assert all(0 <= eta["seconds_left"] <= eta["seconds_total"] for eta in etas)
            assert {eta["confidence"] for eta in etas} == {"measured"}
            assert set(etas[0]) == {"prompt_id", "seconds_left", "seconds_total", "confidence"}

    serving(tmp_path, test)


def test_nothing_is_forecast_of_what_never_ran(tmp_path):
    async def test(server):
        await server.ready()
        async with ears(server, "me", weft_eta=True) as me:
            await me.until_over(await server.queue(one("Wait", seconds=0.7), client_id="me"))
            assert me.of("weft_eta") == []

    serving(tmp_path, test)
