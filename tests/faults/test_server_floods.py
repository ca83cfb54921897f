"""Many clients at once: nobody is refused, nobody waits for the slow, memory stays bounded."""

import asyncio
import contextlib
import json
import socket
from pathlib import Path

import aiohttp
import pytest

from tests.clients.running import RunningServer
from tests.faults.soak import plain_prompt, workspace_with_pack

pytestmark = pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="reads memory from /proc, on Linux")

POSTING = 200
EACH = 3
READERS, SLEEPERS = 180, 10  # bench_sockets.py runs 900 and 100, and prints the delays
SLEEPERS_MEGABYTES = 24  # sent to each websocket that never reads
MOST_GROWTH = 160 * 2**20  # bytes; without bounds, what the sleepers do not read would take 240 MB


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = RunningServer(workspace_with_pack(tmp_path_factory.mktemp("floods") / "workspace"))
    try:
        yield server.start()
    finally:
        server.end_all()


def resident(pid: int) -> int:
    """Bytes of memory that a process holds."""
    pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(pages) * 4096


def test_two_hundred_clients_that_post_at_once_are_all_served(server):
    async def post(session, number):
        prompt = plain_prompt(number, "flood", step_seconds=0)
        async with session.post(f"{server.url}/prompt", json={"prompt": prompt}) as answer:
            assert answer.status == 200, await answer.text()
            return (await answer.json())["prompt_id"]

    async def main():
        connections = aiohttp.TCPConnector(limit=POSTING)
        async with aiohttp.ClientSession(connector=connections) as session:
            await session.post(f"{server.url}/queue/pause")
            return await asyncio.gather(*(post(session, number) for number in range(POSTING * EACH)))

    server.queue(plain_prompt(0, "first"))
    server.wait_until_idle()
    accepted = asyncio.run(main())
    assert len(set(accepted)) == POSTING * EACH
    waiting = {entry[1] for entry in server.get("/queue")["queue_pending"]}
    assert waiting == set(accepted)
    server.post("/queue", {"clear": True})
    server.post("/queue/resume", {})
    assert server.get("/prompt")["exec_info"]["queue_remaining"] == 0


def broadcast_prompt(receivers, megabytes, salt):
    return {
        "1": {
            "class_type": "TestBroadcasts",
            "inputs": {"receivers": json.dumps(receivers), "megabytes": megabytes, "salt": salt},
        }
    }


def silent_websocket(server, client_id):
    """A websocket that is opened and never read from, with a small window."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", server.port))
    request = (
        f"GET /ws?clientId={client_id} HTTP/1.1\r\nHost: {server.host}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    connection.sendall(request.encode())
    assert connection.recv(12) == b"HTTP/1.1 101"
    return connection


def test_websockets_that_never_read_cost_little_and_delay_nobody(server):
    server.queue(plain_prompt(1, "warm"))
    server.wait_until_idle()
    before = resident(server.process.pid)
    sleepers = [f"sleeper-{number}" for number in range(SLEEPERS)]
    with contextlib.ExitStack() as stack:
        for name in sleepers:
            stack.callback(silent_websocket(server, name).close)
        ends = asyncio.run(follow(server, sleepers))
    assert ends == [True] * READERS, f"{ends.count(False)} readers missed the end of the job"
    grown = resident(server.process.pid) - before
    assert grown < MOST_GROWTH, f"{grown / 2**20:.0f} MB for websockets that do not read"


async def follow(server, sleepers):
    """Open the readers, run a job that sends to the sleepers, and see which readers hear that the queue emptied."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        readers = [await session.ws_connect(f"{server.url}/ws?clientId=reader-{n}") for n in range(READERS)]
        hearing = [asyncio.ensure_future(hears_the_end(reader)) for reader in readers]
        prompt = broadcast_prompt(sleepers, SLEEPERS_MEGABYTES, salt=1)
        async with session.post(f"{server.url}/prompt", json={"prompt": prompt}) as answer:
            assert answer.status == 200, await answer.text()
        ends = await asyncio.gather(*hearing)
        for reader in readers:
            await reader.close()
    return ends


async def hears_the_end(reader):
    """Whether a reader hears the queue fill, and then that it is empty again."""
    filled = False
    async for message in reader:
        if message.type != aiohttp.WSMsgType.TEXT:
            continue
        told = json.loads(message.data)
        if told["type"] == "status":
            remaining = told["data"]["status"]["exec_info"]["queue_remaining"]
            if filled and not remaining:
                return True
            filled = filled or bool(remaining)
    return False
