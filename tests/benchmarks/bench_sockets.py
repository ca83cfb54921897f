"""1,000 websockets of which 100 never read: how long the others wait for a message during a run.

    python -m tests.benchmarks.bench_sockets [--sockets 1000] [--deaf 100] [--seconds 10]

The server is this process, with a worker that runs one job with previews; the clients are another process. A message
of 4 KB with the time of sending goes to everybody 20 times a second, besides what the run itself tells.
"""

import argparse
import asyncio
import json
import resource
import socket
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from execution.workers.news import PackMessage
from tests.execution.worker_helpers import one
from tests.web.helpers.serving import Served, served
from web.sockets.hub import HUB

ROOT = Path(__file__).resolve().parents[2]
PADDING = "x" * 4_000


def allow_many_files() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def handshake(number: int) -> bytes:
    return (
        f"GET /ws?clientId=c{number} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


class Reader(asyncio.Protocol):
    """Reads frames and notes how old each stamped message is when it arrives."""

    def __init__(self, number: int, delays: list[float]) -> None:
        self._number, self._delays = number, delays
        self._data = bytearray()
        self._open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(handshake(self._number))

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        self._data += data
        if not self._open:
            _, found, rest = bytes(self._data).partition(b"\r\n\r\n")
            if not found:
                return
            self._open, self._data = True, bytearray(rest)
        while len(self._data) >= 2:
            length, start = self._data[1], 2
            if length > 125:
                start = 4 if length == 126 else 10
                length = int.from_bytes(self._data[2:start], "big")
            if len(self._data) < start + length:
                return
            payload = bytes(self._data[start : start + length])
            del self._data[: start + length]
            if payload.startswith(b'{"type":"stamp"'):
                self._delays.append((now - json.loads(payload)["data"][0]) * 1e3)


async def clients(port: int, reading: int, deaf: int) -> None:
    """The other process: connect, say so, listen until told to end, print the delays."""
    delays: list[float] = []
    loop = asyncio.get_running_loop()
    silent: list[socket.socket] = []
    for number in range(deaf):
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)  # so that the server's own buffers fill soon
        made.connect(("127.0.0.1", port))
        made.sendall(handshake(reading + number))
        silent.append(made)
    for number in range(reading):
        await loop.create_connection(lambda number=number: Reader(number, delays), "127.0.0.1", port)
    print("connected", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    print(json.dumps(delays))
    for one_socket in silent:
        one_socket.close()


async def bench(options: argparse.Namespace) -> None:
    async with served(Path(options.folder)) as server:
        await server.ready()
        reading = options.sockets - options.deaf
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.benchmarks.bench_sockets"),
            *("--clients-of", str(server.port), "--sockets", str(options.sockets), "--deaf", str(options.deaf)),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=2**28,
        )
        assert child.stdout
        assert child.stdin
        await child.stdout.readline()
        hub = server.app[HUB]
        while len(list(hub.clients())) < options.sockets:
            await asyncio.sleep(0.05)
        before = memory()
        waiting, sent = await broadcast(server, options.seconds)
        connected = len(list(hub.clients()))
        child.stdin.write(b"end\n")
        delays = json.loads(await child.stdout.readline())
        await child.wait()
        tell(delays, reading, sent)
        print(f"most that waited in the buffers: {waiting / 2**20:.1f} MiB")
        print(f"the process grew by {memory() - before:.0f} MiB; {connected} clients are left")


async def broadcast(server: Served, seconds: float) -> tuple[int, int]:
    """Send stamped messages while a job runs; the most bytes that ever waited, and how many messages were sent."""
    hub = server.app[HUB]
    job = await server.queue(one("Steps", count=10**6, seconds=0.01, previews=True), client_id="c0")
    waiting = sent = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        hub.hear(PackMessage("stamp", [time.monotonic(), PADDING], None))
        sent += 1
        waiting = max(waiting, sum(client.waiting_bytes for client in hub.clients()))
        await asyncio.sleep(0.05)
    await server.post("/interrupt", {"prompt_id": job})
    await server.ended(job)
    await asyncio.sleep(0.5)
    return waiting, sent


def memory() -> float:
    """MiB that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def tell(delays: list[float], reading: int, sent: int) -> None:
    parts = statistics.quantiles(delays, n=100)
    print(f"{reading} readers, {sent} messages each, {len(delays):,} of {reading * sent:,} heard")
    print(f"delay p50 {parts[49]:.1f} ms   p90 {parts[89]:.1f} ms   p99 {parts[98]:.1f} ms   max {max(delays):.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sockets", type=int, default=1_000)
    parser.add_argument("--deaf", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--clients-of", type=int, help=argparse.SUPPRESS)
    options: Any = parser.parse_args()
    allow_many_files()
    if options.clients_of:
        asyncio.run(clients(options.clients_of, options.sockets - options.deaf, options.deaf))
        return
    with tempfile.TemporaryDirectory() as options.folder:
        asyncio.run(bench(options))


if __name__ == "__main__":
    main()
