"""Clients that do not read: their buffers are bounded, and nobody waits for them."""

import asyncio
import json
import socket
import struct
from typing import Any

from execution.errors import NodeRef
from execution.events import NodeFinished, NodeStarted, Progress, Started
from execution.jobs.records import Job, Outcome
from execution.workers.news import JobEnded, JobPicture, JobStarted, JobTold, PackMessage
from tests.execution.worker_helpers import one
from tests.web.helpers.serving import NOBODY, Served, serving
from tests.web.helpers.sockets import ears, waits
from web.sockets.client import BUFFER_BYTES, SocketClient
from web.sockets.hub import HUB
from web.sockets.progress import JobProgress
from web.sockets.wire import Frame, message

MEGABYTE = "x" * 2**20


class Pipe(asyncio.Transport):
    """A network that takes some bytes at once, and the rest when it is asked to."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room
        self.taken = b""
        self.waiting = b""
        self.aborted = False
        self.resumed = asyncio.Event()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return len(self.waiting)

    def is_closing(self) -> bool:
        return self.aborted

    def write(self, data: Any) -> None:
        self.waiting += data
        self.flow(0)

    def flow(self, more: int) -> None:
        self.room += more
        taken, self.waiting = self.waiting[: self.room], self.waiting[self.room :]
        self.room -= len(taken)
        self.taken += taken
        if not self.waiting:
            self.resumed.set()

    def abort(self) -> None:
        self.aborted = True
        self.resumed.set()

    async def drain(self) -> None:
        while self.waiting and not self.aborted:
            self.resumed.clear()
            await self.resumed.wait()


def payloads(data: bytes) -> list[Any]:
    """The text messages in a stream of frames."""
    found: list[Any] = []
    while data:
        length, start = data[1], 2
        if length == 126:
            length, start = struct.unpack(">H", data[2:4])[0], 4
        elif length == 127:
            length, start = struct.unpack(">Q", data[2:10])[0], 10
        found.append(json.loads(data[start : start + length]))
        data = data[start + length :]
    return found


def test_only_the_newest_state_waits_and_nothing_else_is_lost():
    async def main() -> None:
        pipe = Pipe(room=0)
        client = SocketClient("me", pipe, pipe.drain)
        client.send(message("first", MEGABYTE))
        for number in range(1_000):
            client.send(message("status", number, "status"))
            client.send(message("progress", number, ("progress", "job", str(number % 2))))
            if number % 100 == 0:
                client.send(message("executed", number))
        pipe.flow(10**9)
        await waits(lambda: client.waiting_bytes == 0)
        told = [(said["type"], said["data"]) for said in payloads(pipe.taken)[1:]]
        assert [data for kind, data in told if kind == "executed"] == list(range(0, 1_000, 100))
        assert told[-3:] == [("progress", 998), ("status", 999), ("progress", 999)]
        assert len(told) == 13
        client.send(message("status", 5))
        assert payloads(pipe.taken)[-1]["data"] == 5  # it reads again, so it is told at once
        await client.end()

    asyncio.run(main())


def test_a_client_that_leaves_too_much_unread_is_dropped():
    async def main() -> None:
        pipe = Pipe(room=0)
        client = SocketClient("me", pipe, pipe.drain)
        for _ in range(20):
            client.send(message("executed", MEGABYTE))
            assert client.waiting_bytes <= BUFFER_BYTES
        assert client.dropped
        assert pipe.aborted
        client.send(message("executed", 1))
        assert client.waiting_bytes == 0
        await client.end()

    asyncio.run(main())


def test_many_small_messages_are_bounded_too():
    async def main() -> None:
        pipe = Pipe(room=0)
        client = SocketClient("me", pipe, pipe.drain)
        frame = Frame(b"\x81\x00")
        client.send(message("x", MEGABYTE))
        for _ in range(60_000):
            client.send(frame)
        assert client.dropped
        await client.end()

    asyncio.run(main())


async def deaf(server: Served, client_id: str) -> socket.socket:
    """A websocket that connects and never reads."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    made.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(made, ("127.0.0.1", server.port))
    lines = f"GET /ws?clientId={client_id} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    await loop.sock_sendall(made, (lines + key).encode())
    hub = server.app[HUB]
    await waits(lambda: hub.client(client_id))
    return made


def test_those_who_read_do_not_wait_for_those_who_do_not(tmp_path):
    async def test(server: Served) -> None:
        hub = server.app[HUB]
        deaf_ones = [await deaf(server, f"deaf{number}") for number in range(10)]
        async with ears(server, "me") as mine:
            for number in range(40):
                hub.hear(PackMessage("large", [number, MEGABYTE], None))
                told = await mine.until(lambda said: said["type"] == "large")
                assert told["data"][0] == number
                await asyncio.sleep(0)
            await waits(lambda: len(list(hub.clients())) == 1)  # the others were dropped
        for one_socket in deaf_ones:
            one_socket.close()

    serving(tmp_path, test, NOBODY)


def test_a_server_with_deaf_clients_ends_quickly(tmp_path):
    sockets: list[socket.socket] = []

    async def test(server: Served) -> None:
        sockets.append(await deaf(server, "deaf"))
        for _ in range(5):
            server.app[HUB].hear(PackMessage("large", MEGABYTE, None))

    serving(tmp_path, test, NOBODY)
    for one_socket in sockets:
        one_socket.close()


def ref(number: int) -> NodeRef:
    return NodeRef(f"n{number}", "T", f"n{number}", None, f"n{number}")


JOB = Job("j", 0.0, "running", {}, (), {"client_id": "me"}, 1, 2)
DONE = Job("j", 0.0, "success", {}, (), {"client_id": "me"}, 1, 2, 3, outcome=Outcome("success"))


def run(server: Served, nodes: int) -> None:
    """Tell a run of a chain of so many nodes, all at once."""
    hub = server.app[HUB]
    hub.hear(JobStarted(JOB))
    hub.hear(JobTold(JOB, Started(nodes)))
    for number in range(nodes):
        hub.hear(JobTold(JOB, NodeStarted(ref(number))))
        hub.hear(JobTold(JOB, Progress(ref(number), 1, 2)))
        hub.hear(JobTold(JOB, NodeFinished(ref(number), 0.0)))
    hub.hear(JobEnded(DONE))


def test_progress_is_linear_in_the_graphs_size_for_everybody(tmp_path):
    async def test(server: Served) -> None:
        async with ears(server, "me") as mine:
            sizes: list[int] = []
            for nodes in (500, 1_000):
                mine.heard.clear()
                run(server, nodes)
                await mine.until_over("j")
                states = mine.of("progress_state")
                assert len(states[-1]["nodes"]) == nodes  # the last one is whole
                assert {node["state"] for node in states[-1]["nodes"].values()} == {"finished"}
                sizes.append(len(json.dumps(mine.heard)))
            assert sizes[1] < 2.5 * sizes[0]

    serving(tmp_path, test, NOBODY)


def test_those_who_say_so_get_only_what_changed(tmp_path):
    async def test(server: Served) -> None:
        async with ears(server, "me", weft_progress_deltas=True) as mine:
            run(server, 300)
            await mine.until_over("j")
            known: dict[str, Any] = {}
            for state in mine.of("progress_state"):
                assert not [node for node, told in state["nodes"].items() if known.get(node) == told]
                known.update(state["nodes"])
            assert len(known) == 300
            assert {node["state"] for node in known.values()} == {"finished"}

    serving(tmp_path, test, NOBODY)


def test_progress_comes_while_a_job_runs_and_the_last_is_complete(tmp_path):
    async def test(server: Served) -> None:
        async with ears(server, "me") as mine:
            job = await server.queue(one("Steps", count=40, seconds=0.02), client_id="me")
            await mine.until_over(job)
            values = [state["nodes"]["1"]["value"] for state in mine.of("progress_state")]
            assert values == sorted(values)
            assert values[-1] == 40
            assert 2 < len(values) < 40  # now and then, not at every step

    serving(tmp_path, test)


def test_the_larger_the_state_the_more_seldom_it_is_sent():
    progress = JobProgress("j")
    assert progress.seconds_between == 0.2
    for number in range(5_000):
        progress.finish(ref(number))
    size = len(progress.whole())
    assert progress.seconds_between > 1
    assert size / progress.seconds_between <= 500_001


def test_previews_replace_each_other_and_full_pictures_do_not():
    async def main() -> None:
        pipe = Pipe(room=0)
        client = SocketClient("me", pipe, pipe.drain)
        client.send(message("x", MEGABYTE))
        from web.sockets.job import JobTeller

        teller = JobTeller(JOB, lambda: client, lambda: None, previews_for_all=True)
        before = client.waiting_bytes
        for _ in range(50):
            teller.show(JobPicture(JOB, ref(1), "preview", "image/jpeg", b"p" * 1_000))
        assert client.waiting_bytes - before < 2_000
        for _ in range(50):
            teller.show(JobPicture(JOB, ref(1), "image", "image/png", b"i" * 1_000))
        assert client.waiting_bytes - before > 50_000
        await client.end()

    asyncio.run(main())
