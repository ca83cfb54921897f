"""A process that submits, claims and ends jobs until it is killed: `python jobs_server.py DATABASE ROUND`.

Each acknowledged change is one line on standard output, written at once: what happened, the job's id, and how it ended.
"""

import asyncio
import os
import random
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from execution.jobs.errors import JobExists
from execution.jobs.records import NewJob, Outcome
from execution.jobs.store import JobStore


def tell(*words: str) -> None:
    os.write(1, (" ".join(words) + "\n").encode())


async def submit(store: JobStore, name: str, chance: random.Random) -> None:
    for i in range(100_000):
        prompt = {"1": {"class_type": "Note", "inputs": {"text": chance.randbytes(chance.choice((10, 9_000))).hex()}}}
        key = f"{name}-{i}" if chance.random() < 0.3 else None
        asked = NewJob(f"{name}-{i}", prompt, ("1",), idempotency_key=key, body_digest="same", front=i % 5 == 0)
        submitted = await store.submit(asked)
        tell("submitted", submitted.job.id)
        if key is not None and chance.random() < 0.5:  # the client did not hear the answer, and asks again
            again = await store.submit(replace(asked, id=f"{asked.id}-again"))
            assert again.replayed and again.job.id == submitted.job.id
        elif key is None and chance.random() < 0.1:
            try:
                await store.submit(asked)
                tell("twice", asked.id)
            except JobExists:
                pass


async def work(store: JobStore, name: str, chance: random.Random) -> None:
    while True:
        job = await store.claim(name)
        if job is None:
            await asyncio.sleep(0)
            continue
        tell("claimed", job.id)
        if chance.random() < 0.1:
            await store.give_back(job.id, count_attempt=True)
            tell("returned", job.id)
            continue
        status = chance.choice(("success", "error", "cancelled"))
        ended = await store.finish(job.id, Outcome(status))
        assert ended is not None
        tell("ended", job.id, status)


async def main(path: Path, name: str) -> None:
    chance = random.Random(name)
    store = await JobStore.open(path)
    tell("ready")
    await asyncio.gather(
        *(submit(store, f"{name}-{i}", random.Random(chance.random())) for i in range(3)),
        *(work(store, f"w{i}", random.Random(chance.random())) for i in range(2)),
    )


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
