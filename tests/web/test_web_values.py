"""What flowed through the wires of a job, over HTTP."""

import asyncio
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yarl import URL

from tests.execution.worker_helpers import chain, launch, one
from tests.web.helpers.serving import served, serving
from tests.web.helpers.sockets import ears, waits


def number(value):
    return chain(("Number", {"value": value}), ("TakesAll", {"value": "<"}))


async def ran(server, prompt):
    job = await server.queue(prompt)
    await server.ended(job)
    return job


async def picture(server, path, status=200):
    async with server.session.get(server.url + path) as answer:
        assert answer.status == status, await answer.text()
        return answer.headers, await answer.read()


def test_what_flowed_and_what_did_before(tmp_path):
    async def test(server):
        await server.ready()
        first, second = await ran(server, number(3)), await ran(server, number(5))
        told = await server.get(f"/api/jobs/{second}/values/1/0")
        assert told == {
            "prompt_id": second, "node": "1", "slot": 0, "type": "INT", "kept": True, "items_left_out": 0,
            "items": [{"kind": "text", "text": "5"}],
            "previous": {
                "prompt_id": first, "node": "1", "slot": 0, "type": "INT", "kept": True, "items_left_out": 0,
                "items": [{"kind": "text", "text": "3"}],
            },
            "difference": {"max_abs": 2},
        }  # fmt: skip
        assert await server.get(f"/jobs/{second}/values/1/0?compare=previous") == told
        alone = await server.get(f"/api/jobs/{second}/values/1/0?compare=none")
        assert "previous" not in alone and "difference" not in alone
        assert (await server.get(f"/api/jobs/{first}/values/1/0"))["previous"] is None
        await server.get(f"/api/jobs/{second}/values/1/0?compare=all", 400)

    serving(tmp_path, test)


def test_pictures(tmp_path):
    async def test(server):
        await server.ready()
        _, second = await ran(server, number(3)), await ran(server, number(5))
        at = f"/api/jobs/{second}/values/1/0/picture"
        headers, body = await picture(server, at)
        assert body == b"5" and headers["Content-Type"] == "image/png" and headers["X-Weft-Picture"] == "INT 0 512"
        assert (await picture(server, f"{at}?of=previous"))[1] == b"3"
        assert (await picture(server, f"{at}?of=difference"))[1] == b"5 - 3"
        assert (await picture(server, f"{at}?batch=7&size=999999"))[0]["X-Weft-Picture"] == "INT 7 4096"
        assert (await picture(server, f"{at}?size=0"))[0]["X-Weft-Picture"] == "INT 0 16"
        await picture(server, f"{at}?item=3", 404)
        for bad in ("of=all", "item=x", "batch=1.5", "size=many"):
            await picture(server, f"{at}?{bad}", 400)

    serving(tmp_path, test)


def test_what_is_not_there_says_why(tmp_path):
    async def test(server):
        await server.ready()
        job = await ran(server, number(3))
        for path in ("nobody/values/1/0", f"{job}/values/9/0", f"{job}/values/1/1", f"{job}/values/1/x"):
            said = (await server.get(f"/api/jobs/{path}", 404))["error"]
            assert said["type"] == "not_found" and said["message"].endswith(".")
        await server.post("/free", {"free_memory": True})
        await ran(server, one("Seeded", seed=1))
        said = (await server.get(f"/api/jobs/{job}/values/1/0", 410))["error"]
        assert said["type"] == "not_kept" and "Run the workflow again" in said["message"]

    serving(tmp_path, test)


def test_a_node_that_a_running_job_has_not_come_to(tmp_path):
    async def test(server):
        await server.ready()
        prompt = chain(("Number", {"value": 4}), ("Steps", {"count": 1, "seconds": 3600}), ("Show", {"text": "x"}))
        async with ears(server, "me") as me:
            job = await server.queue(prompt, client_id="me", partial_execution_targets=["2"])
            waiting = await server.queue(number(9))
            await me.until(lambda said: isinstance(said, dict) and said["type"] == "progress")
            async with server.session.get(f"{server.url}/api/jobs/{job}/values/2/0") as answer:
                assert answer.status == 409 and answer.headers["Retry-After"]
            await server.get(f"/api/jobs/{waiting}/values/1/0", 409)
            await server.post("/queue", {"delete": [waiting]})
            await server.get(f"/api/jobs/{waiting}/values/1/0", 404)
            server.dispatcher._seats[0].kill("it was ended by the test")
            await server.post(f"/api/jobs/{job}/cancel")

    serving(tmp_path, test)


def test_a_worker_that_is_gone_is_asked_later(tmp_path):
    async def main():
        async with served(tmp_path, [launch("one")]) as server:
            await server.ready()
            job = await ran(server, number(3))
        async with served(tmp_path, [launch("one", "broken")]) as server:
            await waits(lambda: server.dispatcher.workers[0].failures)
            async with server.session.get(f"{server.url}/api/jobs/{job}/values/1/0") as answer:
                assert answer.status == 503 and answer.headers["Retry-After"]
        async with served(tmp_path, [launch("another")]) as server:
            await server.get(f"/api/jobs/{job}/values/1/0", 410)

    asyncio.run(main())


def test_a_worker_that_is_new_does_not_remember(tmp_path):
    async def main():
        async with served(tmp_path, [launch("one")]) as server:
            await server.ready()
            job = await ran(server, number(3))
        async with served(tmp_path, [launch("one")]) as server:
            await server.ready()
            assert "remember" in (await server.get(f"/api/jobs/{job}/values/1/0", 410))["error"]["message"]

    asyncio.run(main())


HOSTILE = ["..", "%2e%2e", "-1", "1e9", "0x1", "٣", "\0", "\ud800", "x" * 400, "9" * 50, "5:3", "1.0.0.1", "", " ", "'"]
PARTS = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=30), st.integers().map(str))


@pytest.fixture(scope="module")
def lasting(tmp_path_factory):
    """A server for many requests."""
    loop = asyncio.new_event_loop()
    around = served(tmp_path_factory.mktemp("values"))
    server = loop.run_until_complete(around.__aenter__())
    loop.run_until_complete(server.ready())
    job = loop.run_until_complete(ran(server, number(3)))
    yield loop, server, job
    loop.run_until_complete(around.__aexit__(None, None, None))
    loop.close()


def quoted(text):
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(job=st.one_of(st.none(), PARTS), node=PARTS, slot=PARTS, query=st.dictionaries(
    st.sampled_from(["item", "batch", "size", "of", "compare"]), PARTS, max_size=3), shown=st.booleans())  # fmt: skip
def test_no_address_brings_the_server_down(lasting, job, node, slot, query, shown):
    loop, server, known = lasting
    asked = "&".join(f"{name}={quoted(value)}" for name, value in query.items())
    end = "/picture" if shown else ""
    path = f"/api/jobs/{known if job is None else quoted(job)}/values/{quoted(node)}/{quoted(slot)}{end}?{asked}"

    async def ask():
        async with server.session.get(URL(server.url + path, encoded=True)) as answer:
            return answer.status

    assert loop.run_until_complete(ask()) < 500
