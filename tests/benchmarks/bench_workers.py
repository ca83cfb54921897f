"""How fast the dispatcher and a worker process are: `python tests/benchmarks/bench_workers.py [--torch]`.

Without `--torch` the worker has the small nodes of the tests alone. Times are wall time on this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from execution.events import NodeStarted
from execution.workers.news import JobEnded
from tests.execution.worker_helpers import Bench, bench, chain, one
from tests.faults.worker_bench import torch_bench


def long_chain(nodes: int, text: str) -> dict[str, Any]:
    """Nodes in a row, each with the one before as its input."""
    middle = [("Join", {"a": "<", "b": ""})] * (nodes - 2)
    return chain(("Text", {"text": text}), *middle, ("Show", {"text": "<"}))


async def timed(b: Bench, prompt: dict[str, Any]) -> float:
    """Milliseconds from submitting a job to its committed end."""
    started = time.perf_counter()
    await b.run(prompt)
    return (time.perf_counter() - started) * 1000


async def first_node(b: Bench, prompt: dict[str, Any]) -> float:
    """Milliseconds from submitting a job to the news that its first node began."""
    b.watch.news.clear()
    started = time.perf_counter()
    job = await b.submit(prompt)
    await b.watch.told(job, NodeStarted)
    took = (time.perf_counter() - started) * 1000
    await b.watch.ended(job)
    return took


def say(what: str, values: list[float]) -> None:
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, round(len(ordered) * 0.95))]
    print(f"{what:58} median {statistics.median(values):8.2f} ms  p95 {p95:8.2f} ms  best {ordered[0]:8.2f} ms")


async def measure(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        async with bench(Path(folder)) as b:
            await b.ready()
            print(f"{'small worker ready after':58} {(time.perf_counter() - started) * 1000:15.2f} ms")
            await b.run(one("Seeded"))
            say("submit -> first node begins", [await first_node(b, one("Seeded", seed=i)) for i in range(rounds * 10)])
            say(
                "submit -> committed end, one node",
                [await timed(b, one("Seeded", seed=-i)) for i in range(rounds * 10)],
            )
            say("300-node chain, nothing known", [await timed(b, long_chain(300, f"a{i}")) for i in range(rounds)])
            known = long_chain(500, "same")
            await b.run(known)
            say("500-node chain, all known", [await timed(b, known) for _ in range(rounds)])
            await b.dispatcher.pause("filling")
            b.watch.news.clear()
            for index in range(1000):
                await b.submit(one("Seeded", seed=2 * 10**6 + index))
            started = time.perf_counter()
            await b.dispatcher.resume()
            await b.watch.until(lambda: len(b.watch.of(JobEnded)) == 1000)
            took = time.perf_counter() - started
            print(f"{'1,000 small jobs, queued before':58} {took:9.2f} s = {1000 / took:.0f} a second")


def plain_image(number: int) -> dict[str, Any]:
    """A tiny picture of one colour, saved."""
    inputs = {"width": 16, "height": 16, "batch_size": 1, "color": number % 2**24}
    saved = {"images": ["1", 0], "filename_prefix": "w"}
    return {"1": {"class_type": "EmptyImage", "inputs": inputs}, "2": {"class_type": "SaveImage", "inputs": saved}}


async def measure_torch(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        async with torch_bench(Path(folder)) as b:
            await b.ready()
            print(f"{'real worker ready after':58} {(time.perf_counter() - started) * 1000:15.2f} ms")
            say("submit -> first node begins", [await first_node(b, plain_image(i)) for i in range(rounds * 10)])
            say("submit -> committed end, picture saved", [await timed(b, plain_image(-i)) for i in range(rounds * 10)])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--torch", action="store_true", help="a real worker")
    given = parser.parse_args()
    asyncio.run((measure_torch if given.torch else measure)(given.rounds))
