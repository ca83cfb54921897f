"""What a websocket hears, and in which order (API_FACTS 3)."""

import asyncio
import json
import struct
import time

from execution.errors import NodeRef
from execution.events import UiOutput
from execution.jobs.records import Outcome
from execution.workers.news import JobTold, PackMessage
from tests.execution.worker_helpers import chain, one
from tests.web.helpers.serving import NOBODY, Served, serving
from tests.web.helpers.sockets import ears, waits
from web.sockets.hub import HUB
from web.sockets.logs import LOG_FEED

SHOWN = chain(("Text", {"text": "hi"}), ("Join", {"a": "<"}), ("Show", {"text": "<"}))


def test_the_first_message_tells_the_queue_and_the_id(tmp_path):
    async def test(server: Served) -> None:
        async with ears(server, "me") as mine, ears(server) as other:
            assert mine.heard == [
                {"type": "status", "data": {"status": {"exec_info": {"queue_remaining": 0}}, "sid": "me"}}
            ]
            assert len(other.heard[0]["data"]["sid"]) == 32
            await server.queue(SHOWN)
            for one_ear in (mine, other):
                told = await one_ear.until(lambda said: said["type"] == "status")
                assert told["data"] == {"status": {"exec_info": {"queue_remaining": 1}}}

    serving(tmp_path, test, NOBODY)


def test_feature_flags_are_answered_and_nonsense_is_not(tmp_path):
    async def test(server: Served) -> None:
        async with ears(server, "me") as mine:
            for nonsense in ("", "{", "5", "[]", '{"type": 3}', '{"type": "feature_flags"}', "[" * 50_000, "\ud7ff"):
                await mine.socket.send_str(nonsense)
            await mine.socket.send_bytes(b"\0\1")
            await mine.socket.send_str(json.dumps({"type": "feature_flags", "data": {"x": 1}}))
            assert await mine.next() == {
                "type": "feature_flags",
                "data": {"supports_preview_metadata": True, "max_upload_size": 104857600},
            }

    serving(tmp_path, test, NOBODY)


def test_a_plain_run_is_told_in_order(tmp_path):
    async def test(server: Served) -> None:
        async with ears(server, "me") as mine, ears(server, "other") as other:
            job = await server.queue(SHOWN, client_id="me")
            await mine.until_over(job)
            entry = (await server.get(f"/history/{job}"))[job]  # it is there by now
            assert mine.kinds("status", "progress_state") == [
                "execution_start",
                "execution_cached",
                *["executing"] * 3,
                "executed",
                "execution_success",
                "executing",
            ]
            assert mine.kinds()[-3:] == ["execution_success", "status", "executing"]
            assert mine.of("status")[-1]["status"]["exec_info"]["queue_remaining"] == 0
            assert mine.of("executing")[:3] == [
                {"node": node, "display_node": node, "prompt_id": job} for node in ("1", "2", "3")
            ]
            assert mine.of("executed") == [
                {"node": "3", "display_node": "3", "output": {"text": ["hi"]}, "prompt_id": job}
            ]
            messages = [[kind, *mine.of(kind)] for kind in ("execution_start", "execution_cached", "execution_success")]
            assert messages == entry["status"]["messages"]
            states = mine.of("progress_state")
            assert states[0]["nodes"]["1"] == {
                "value": 0, "max": 1, "state": "running", "node_id": "1", "prompt_id": job, "display_node_id": "1",
                "parent_node_id": None, "real_node_id": "1",
            }  # fmt: skip
            assert {node: told["state"] for node, told in states[-1]["nodes"].items()} == dict.fromkeys(
                "123", "finished"
            )
            assert await other.silent() or set(other.kinds()) == {"status", "feature_flags"}

    serving(tmp_path, test)


def test_known_nodes_are_not_announced(tmp_path):
    async def test(server: Served) -> None:
        await server.ended(await server.queue(SHOWN))
        async with ears(server, "me") as mine:
            job = await server.queue(SHOWN, client_id="me")
            await mine.until_over(job)
            assert mine.kinds("status") == [
                "execution_start", "execution_cached", "executed", "progress_state", "execution_success", "executing",
            ]  # fmt: skip
            [cached] = mine.of("execution_cached")
            assert sorted(cached["nodes"]) == ["1", "2", "3"]
            assert mine.of("executed")[0]["output"] == {"text": ["hi"]}

    serving(tmp_path, test)


def test_the_results_of_a_known_job_wait_until_its_client_can_listen(tmp_path, monkeypatch):
    """A client that listens for a job once it has the answer of POST /prompt must not miss the end of one."""
    monkeypatch.setattr("web.sockets.job.SECONDS_TO_LISTEN", 0.5)

    async def test(server: Served) -> None:
        await server.ended(await server.queue(SHOWN))
        async with ears(server, "me") as mine:
            before = time.time()
            job = await server.queue(SHOWN, client_id="me")
            await mine.until(lambda said: said["type"] == "execution_cached")
            await server.ended(job)
            assert not mine.of("executed")
            await mine.until(lambda said: said["type"] == "executed")
            assert time.time() - before > 0.49
            await mine.until_over(job)
            assert mine.kinds()[-3:] == ["execution_success", "status", "executing"]
            assert mine.of("status")[-1]["status"]["exec_info"]["queue_remaining"] == 0
            running = [told["status"]["exec_info"]["queue_remaining"] for told in mine.of("status")[:-1]]
            assert 0 not in running[1:]  # nobody may take the job for gone before its end is told

    serving(tmp_path, test)


def test_a_failure_is_told_with_its_node(tmp_path):
    async def test(server: Served) -> None:
        async with ears(server, "me") as mine:
            job = await server.queue(one("Act", what="raise"), client_id="me")
            await mine.until_over(job)
            assert mine.kinds("status", "progress_state")[-3:] == ["executing", "execution_error", "executing"]
            [error] = mine.of("execution_error")
            assert error["node_id"] == "1"
            assert error["executed"] == []  # it did not run to its end
            assert error["traceback"]
            assert mine.of("progress_state")[-1]["nodes"]["1"]["state"] == "error"
            entry = (await server.get(f"/history/{job}"))[job]
            assert entry["status"]["messages"][-1] == ["execution_error", error]

    serving(tmp_path, test)


def test_a_blocker_with_a_text_is_told_and_the_run_succeeds(tmp_path):
    async def test(server: Served) -> None:
        async with ears(server, "me") as mine:
            blocked = chain(("Block", {"message": "not today"}), ("Show", {"text": "<"}))
            job = await server.queue(blocked, client_id="me")
            await mine.until_over(job)
            [error] = mine.of("execution_error")
            assert error == {
                "prompt_id": job, "node_id": "2", "node_type": "Show", "executed": [],
                "exception_message": "Execution Blocked: not today", "exception_type": "ExecutionBlocked",
                "traceback": [], "current_inputs": [], "current_outputs": [],
            }  # fmt: skip
            assert mine.of("execution_success")
            assert (await server.get(f"/history/{job}"))[job]["status"]["completed"]

    serving(tmp_path, test)


def test_an_interrupted_run_is_told(tmp_path):
    async def test(server: Served) -> None:
        async with ears(server, "me") as mine, ears(server, "other") as other:
            job = await server.queue(one("Steps", count=2_000, seconds=0.02), client_id="me")
            nobodys = await server.queue(one("Steps", count=2_000, seconds=0.02))
            await mine.until(lambda said: said["type"] == "progress")
            await server.post("/interrupt")
            await mine.until_over(job)
            [interrupted] = mine.of("execution_interrupted")
            assert interrupted["node_id"] == "1"
            assert interrupted["node_type"] == "Steps"
            assert isinstance(interrupted["executed"], list)
            await waits(lambda: [one.id for one in server.dispatcher.running] == [nobodys])
            await server.post("/interrupt")
            told = await other.until(lambda said: said["type"] != "status")
            assert told["type"] == "execution_interrupted"  # nobody owns it, so everybody is told
            assert told["data"]["prompt_id"] == nobodys

    serving(tmp_path, test)


def test_jobs_without_a_client_are_silent_but_for_the_queue(tmp_path):
    async def test(server: Served) -> None:
        async with ears(server, "me") as mine:
            for client in ({}, {"client_id": ""}, {"client_id": "somebody else"}):
                await server.ended(await server.queue(one("Steps", count=3, previews=True), **client))
            await mine.silent()
            assert set(mine.kinds()) == {"status", "feature_flags"}

    serving(tmp_path, test)


def test_progress_and_previews_for_both_kinds_of_clients(tmp_path):
    async def test(server: Served) -> None:
        async with ears(server, "old") as old, ears(server, "new", supports_preview_metadata=True) as new:
            for mine, sid, steps in ((old, "old", 4), (new, "new", 5)):
                job = await server.queue(one("Steps", count=steps, seconds=0.05, previews=True), client_id=sid)
                await mine.until_over(job)
                assert mine.of("progress")[-1] == {"value": steps, "max": steps, "prompt_id": job, "node": "1"}
                frames = [said for said in mine.heard if isinstance(said, bytes)]
                assert frames
                if sid == "old":
                    assert struct.unpack(">II", frames[0][:8]) == (1, 1)
                    assert frames[0][8:].isdigit()
                    continue
                kind, length = struct.unpack(">II", frames[0][:8])
                assert kind == 4
                assert json.loads(frames[0][8 : 8 + length]) == {
                    "node_id": "1", "prompt_id": job, "display_node_id": "1", "parent_node_id": None,
                    "real_node_id": "1", "image_type": "image/jpeg",
                }  # fmt: skip

    serving(tmp_path, test, previews_for_all=True)


def test_clients_that_may_take_a_preview_for_a_result_get_none_unless_it_was_asked_for(tmp_path):
    async def test(server: Served) -> None:
        async with ears(server, "old") as old, ears(server, "new", supports_preview_metadata=True) as new:
            for mine, sid, steps in ((old, "old", 3), (new, "new", 4)):
                prompt = one("Steps", count=steps, seconds=0.05, previews=True)
                await mine.until_over(await server.queue(prompt, client_id=sid))
            assert [frame for frame in old.heard if isinstance(frame, bytes)] == []
            assert {frame[3] for frame in new.heard if isinstance(frame, bytes)} == {4}

    serving(tmp_path, test)


def test_full_pictures_come_between_their_nodes_messages(tmp_path):
    async def test(server: Served) -> None:
        async with ears(server, "me", supports_preview_metadata=True) as mine:
            prompt = {**one("Steps", count=5, previews=True, full=True), "2": one("Wait", seconds=0.1)["1"]}
            job = await server.queue(prompt, client_id="me")
            await mine.until_over(job)
            frames = [said for said in mine.heard if isinstance(said, bytes)]
            assert [struct.unpack(">II", frame[:8]) for frame in frames] == [(1, 2)] * 5
            assert [frame[8:] for frame in frames] == [b"0", b"1", b"2", b"3", b"4"]

    serving(tmp_path, test)


def test_whoever_connects_late_is_told_where_the_job_is(tmp_path):
    async def test(server: Served) -> None:
        job = await server.queue(one("Steps", count=2_000, seconds=0.02), client_id="me")
        await waits(lambda: (known := server.dispatcher.progress(job)) and known.node)
        async with ears(server, "me") as mine:
            assert await mine.next() == {"type": "executing", "data": {"node": "1"}}
            await server.post("/interrupt")
            await mine.until_over(job)

    serving(tmp_path, test)


def test_a_newer_socket_replaces_an_older_one_until_it_leaves(tmp_path):
    async def test(server: Served) -> None:
        async with ears(server, "me") as older:
            async with ears(server, "me") as newer:
                await newer.until_over(await server.queue(SHOWN, client_id="me"))
                assert await older.silent()
            await waits(lambda: len(list(server.app[HUB].clients())) == 1)
            await older.until_over(await server.queue(one("Seeded"), client_id="me"))
            async with ears(server, "me") as newest:
                await older.socket.close()  # the newest stays registered
                await newest.until_over(await server.queue(one("Seeded", seed=2), client_id="me"))

    serving(tmp_path, test)


def test_two_clients_hear_their_own_jobs_only(tmp_path):
    async def test(server: Served) -> None:
        async with ears(server, "a") as a, ears(server, "b") as b:
            first = await server.queue(one("Steps", count=3), client_id="a")
            second = await server.queue(one("Steps", count=4), client_id="b")
            await a.until_over(first)
            await b.until_over(second)
            for mine, job in ((a, first), (b, second)):
                assert {told["prompt_id"] for told in mine.of("progress_state")} == {job}
                assert {told["prompt_id"] for told in mine.of("executing")} == {job}

    serving(tmp_path, test)


def test_messages_of_node_packs(tmp_path):
    async def test(server: Served) -> None:
        hub = server.app[HUB]
        async with ears(server, "a") as a, ears(server, "b") as b:
            hub.hear(PackMessage("pack-event", {"x": float("inf")}, None))
            for mine in (a, b):
                assert await mine.next() == {"type": "pack-event", "data": {"x": None}}
            hub.hear(PackMessage("for-b", [1], "b"))
            hub.hear(PackMessage("for-nobody", [1], "c"))
            hub.hear(PackMessage("progress_text", {"node": "7", "text": "half"}, "b"))
            assert await b.next() == {"type": "for-b", "data": [1]}
            assert await b.next() == struct.pack(">II", 3, 1) + b"7half"
            assert await a.silent()

    serving(tmp_path, test, NOBODY)


def test_log_lines_for_those_who_asked(tmp_path):
    async def test(server: Served) -> None:
        feed = server.app[LOG_FEED]
        async with ears(server, "a") as a, ears(server, "b") as b:
            assert feed.subscribe("a", True)
            assert not feed.subscribe("nobody", True)
            await asyncio.to_thread(server.site.logs.write, "server", "hello\n")
            server.site.logs.write("server", "again")
            told = (await a.until(lambda said: said["type"] == "logs"))["data"]
            assert [entry["m"] for entry in told["entries"]] == ["hello\n", "again\n"]
            assert told["size"] is None
            assert "T" in told["entries"][0]["t"]
            feed.subscribe("a", False)
            server.site.logs.write("server", "unheard")
            await asyncio.sleep(0.2)
            assert await a.silent()
            assert await b.silent()

    serving(tmp_path, test, NOBODY)


def test_the_address_takes_websockets_only(tmp_path):
    async def test(server: Served) -> None:
        assert (await server.get("/ws", 400))["error"]["type"] == "not_a_websocket"
        async with server.session.ws_connect(f"{server.url}/api/ws?clientId=x") as socket:
            assert (await socket.receive_json())["data"]["sid"] == "x"

    serving(tmp_path, test, NOBODY)


def test_a_node_that_shows_nothing_is_not_told_of(tmp_path):
    async def test(server: Served) -> None:
        async with ears(server, "me") as mine:
            job = await server.store.get(await server.queue(SHOWN, client_id="me"))
            assert job is not None
            hub, node = server.app[HUB], NodeRef("3", "Show", "3", None, "3")
            for output in ({}, {"text": ["hi"]}):
                hub.hear(JobTold(job, UiOutput(node, output)))
            told = await mine.until(lambda said: said["type"] == "executed")
            assert told["data"]["output"] == {"text": ["hi"]} and len(mine.of("executed")) == 1
            await server.store.claim("test")
            meta = {node: {"node_id": node} for node in "12"}
            ended = Outcome("success", outputs={"1": {}, "2": {"text": ["hi"]}}, meta=meta)
            await server.store.finish(job.id, ended)
            entry = (await server.get(f"/history/{job.id}"))[job.id]
            assert entry["outputs"] == {"2": {"text": ["hi"]}} and [*entry["meta"]] == ["2"]

    serving(tmp_path, test, NOBODY)
