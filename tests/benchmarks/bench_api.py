"""How fast the API is, through HTTP and websocket, with a real worker.

    python -m tests.benchmarks.bench_api [--runs N] [--seconds S]

Starts `main.py serve --cpu` on a fresh workspace. The load generator for accepted prompts is a process of its own.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp

from tests.benchmarks.bench_server import free_port
from tests.benchmarks.http_load import Line, answer, get, small_prompts

ROOT = Path(__file__).resolve().parents[2]


def image_chain(nodes: int, color: int) -> dict[str, Any]:
    """A small picture inverted over and over, then shown: so many nodes in a row."""
    size = {"width": 16, "height": 16, "batch_size": 1, "color": color}
    prompt: dict[str, Any] = {"1": {"class_type": "EmptyImage", "inputs": size}}
    for number in range(2, nodes):
        prompt[str(number)] = {"class_type": "ImageInvert", "inputs": {"image": [str(number - 1), 0]}}
    prompt[str(nodes)] = {"class_type": "PreviewImage", "inputs": {"images": [str(nodes - 1), 0]}}
    return prompt


class Client:
    """A script with a websocket."""

    def __init__(self, url: str, session: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.url, self.session, self.socket = url, session, socket
        self.heard = 0  # characters

    async def queue(self, prompt: dict[str, Any]) -> str:
        body = json.dumps({"prompt": prompt, "client_id": "bench"})
        async with self.session.post(f"{self.url}/prompt", data=body) as got:
            return (await got.json())["prompt_id"]

    async def until(self, wanted: Callable[[dict[str, Any]], bool]) -> None:
        while True:
            said = await self.socket.receive()
            self.heard += len(said.data)
            if said.type is aiohttp.WSMsgType.TEXT and wanted(json.loads(said.data)):
                return

    async def run(self, prompt: dict[str, Any]) -> float:
        """Milliseconds from sending a prompt to the message that it is over."""
        began = time.perf_counter()
        job = await self.queue(prompt)
        over = {"node": None, "prompt_id": job}
        await self.until(lambda said: said["type"] == "executing" and said["data"] == over)
        return (time.perf_counter() - began) * 1e3

    async def first_node(self, prompt: dict[str, Any]) -> float:
        """Milliseconds from sending a prompt to the first node's message."""
        began = time.perf_counter()
        job = await self.queue(prompt)
        await self.until(lambda said: said["type"] == "executing" and said["data"]["prompt_id"] == job)
        took = (time.perf_counter() - began) * 1e3
        over = {"node": None, "prompt_id": job}
        await self.until(lambda said: said["type"] == "executing" and said["data"] == over)
        return took


def told(what: str, values: list[float], more: str = "") -> None:
    middle, most = statistics.median(values), max(values)
    print(
        f"{what:58} p50 {middle:8.2f} ms   min {min(values):8.2f}   max {most:8.2f}   n {len(values)}{more}", flush=True
    )


async def runs(url: str, count: int) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{url}/ws?clientId=bench") as socket:
        client = Client(url, session, socket)
        await client.run(image_chain(10, 0))
        for nodes in (300, 900):
            client.heard = 0
            took = [await client.run(image_chain(nodes, 1_000 * nodes + index)) for index in range(count)]
            told(f"chain of {nodes} nodes, websocket listening", took, f"   {client.heard // count:,} characters heard")
        chain = image_chain(500, 5)
        await client.run(chain)
        told("the same chain of 500 nodes again, cached", [await client.run(chain) for _ in range(count)])
        prompts = small_prompts(10_000_000)
        told("submit to first node", [await client.first_node(next(prompts)) for _ in range(count * 20)])


async def object_info(port: int) -> None:
    line = await Line.open(port)
    took: list[float] = []
    size = 0
    for _ in range(200):
        began = time.perf_counter()
        _, body = await line.ask(get("/object_info"))
        took.append((time.perf_counter() - began) * 1e3)
        size = len(body)
    await line.close()
    told("GET /object_info", took, f"   {size:,} bytes, {len(json.loads(body))} node types")


def accepted(port: int, clients: int, seconds: float, state: str) -> None:
    """Queue prompts from another process; with the queue paused, so that nothing but accepting is measured."""
    command = [sys.executable, "-m", "tests.benchmarks.http_load", str(port), str(clients), str(seconds)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    took = json.loads(done.stdout)
    told(f"accepted prompts, {clients} client(s), {state}", took, f"   {len(took) / seconds:,.0f} a second")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "main.py", "serve", "--workspace", folder, "--port", str(port), "--cpu"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            try:
                wait_until_ready(url, server)
                asyncio.run(runs(url, options.runs))
                asyncio.run(object_info(port))
                answer(f"{url}/api/queue/pause", {})
                for clients in (1, 16):
                    accepted(port, clients, options.seconds, "queue paused")
                    answer(f"{url}/queue", {"clear": True})
            finally:
                server.terminate()


def wait_until_ready(url: str, server: "subprocess.Popen[bytes]") -> None:
    """Wait until a worker has told its node types."""
    began = time.monotonic()
    while server.poll() is None and time.monotonic() - began < 120:
        try:
            answer(f"{url}/object_info/ImageInvert")
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("The server did not come up.")


if __name__ == "__main__":
    main()
