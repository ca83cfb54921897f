"""What the job store costs: `python tests/benchmarks/bench_jobs.py [folder on the disk to measure]`.

Prints milliseconds (median, 99th percentile) and rates. Every change waits for the disk, so the disk's own fsync is
measured first, and everything else should be read beside it.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from execution.jobs.records import NewJob, Outcome
from execution.jobs.salvage import damage
from execution.jobs.store import JobStore

FOLDER = sys.argv[1] if len(sys.argv) > 1 else None
CLIENTS = 16
HISTORY = 10_000
DONE = Outcome("success", outputs={"9": {"images": [{"filename": "a.png", "subfolder": "", "type": "output"}]}})


def prompt(nodes: int) -> dict[str, Any]:
    """A chain of nodes with the usual kinds of inputs."""
    text = "a photograph of an astronaut riding a horse, golden hour, detailed"
    inputs = {"seed": 156_680_208_700_286, "steps": 20, "cfg": 8.0, "sampler_name": "euler", "text": text}
    return {str(i): {"class_type": "KSampler", "inputs": {**inputs, "model": [str(i - 1), 0]}} for i in range(nodes)}


def show(what: str, seconds: list[float]) -> None:
    ordered = sorted(seconds)
    worst = ordered[int(len(ordered) * 0.99)]
    print(f"{what:<58} {statistics.median(ordered) * 1e3:8.2f} ms   p99 {worst * 1e3:8.2f} ms")


async def timed(count: int, call: Callable[[int], Awaitable[Any]]) -> list[float]:
    took: list[float] = []
    for i in range(count):
        begun = time.perf_counter()
        await call(i)
        took.append(time.perf_counter() - begun)
    return took


def fsync(folder: Path) -> list[float]:
    """Seconds to have 4 KiB more of a file on the disk."""
    took: list[float] = []
    with (folder / "probe").open("wb", buffering=0) as file:
        for _ in range(200):
            begun = time.perf_counter()
            file.write(bytes(4096))
            os.fsync(file.fileno())
            took.append(time.perf_counter() - begun)
    return took


async def together(count: int, call: Callable[[int], Awaitable[Any]]) -> float:
    """Calls a second by clients that each wait for their answer."""
    numbers = iter(range(count))

    async def client() -> None:
        for number in numbers:
            await call(number)

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return count / (time.perf_counter() - begun)


async def one_after_another(store: JobStore) -> None:
    small, large = prompt(10), prompt(500)

    async def through(i: int) -> None:
        await store.submit(NewJob(f"through-{i}", small, ("9",)))
        assert await store.claim("w")

    show("submit, 10 nodes", await timed(1_000, lambda i: store.submit(NewJob(f"a{i}", small, ("9",)))))
    show("submit, 500 nodes", await timed(200, lambda i: store.submit(NewJob(f"large-{i}", large, ("9",)))))
    await store.cancel_pending(None)
    show("submit until claimed", await timed(1_000, through))
    show("finish", await timed(1_000, lambda i: store.finish(f"through-{i}", DONE)))
    show("get", await timed(1_000, lambda i: store.get(f"through-{i}")))


async def many_at_once(store: JobStore) -> None:
    small = prompt(10)
    rates = [
        await together(5_000, lambda i, run=run: store.submit(NewJob(f"b{run}-{i}", small, ("9",)))) for run in range(5)
    ]
    median, fastest, slowest = statistics.median(rates), max(rates), min(rates)
    print(f"submit, 10 nodes, {CLIENTS} clients: {median:,.0f} a second (five runs: {slowest:,.0f} to {fastest:,.0f})")
    show("claim, 25,000 waiting", await timed(500, lambda _: store.claim("w")))
    show("move, 25,000 waiting", await timed(500, lambda i: store.move("b4-4999", i)))
    await store.cancel_pending(None)


async def long_history(folder: Path) -> None:
    path = folder / "history.db"
    store = await JobStore.open(path)
    small, workflow = prompt(10), {"extra_pnginfo": {"workflow": {"nodes": list(prompt(60).values())}}}

    async def whole(i: int) -> None:
        await store.submit(NewJob(f"h{i}", small, ("9",), workflow))
        job = await store.claim("w")
        assert job is not None
        await store.finish(job.id, DONE)

    await together(HISTORY, whole)
    show("fsync of 4 KiB, again", fsync(folder))
    show("submit, claim and finish, full history (three commits)", await timed(200, lambda i: whole(HISTORY + i)))
    show("newest 64 of the history", await timed(20, lambda _: store.history(64)))
    show("page of 64 jobs by status", await timed(20, lambda _: store.jobs(["success", "error"], 64)))
    await store.close()
    size = path.stat().st_size / 2**20
    checks: list[float] = []
    for _ in range(5):
        begun = time.perf_counter()
        assert damage(path) is None
        checks.append(time.perf_counter() - begun)
    show(f"check the file for damage, {HISTORY:,} jobs, {size:.0f} MiB", checks)

    async def reopen(_: int) -> None:
        await (await JobStore.open(path)).close()

    show("open and close it", await timed(5, reopen))


async def main() -> None:
    with tempfile.TemporaryDirectory(dir=FOLDER) as name:
        folder = Path(name)
        show("fsync of 4 KiB", fsync(folder))
        store = await JobStore.open(folder / "jobs.db")
        await one_after_another(store)
        await many_at_once(store)
        await store.close()
        await long_history(folder)


if __name__ == "__main__":
    asyncio.run(main())
