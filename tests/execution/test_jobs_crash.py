"""kill -9 at random moments: what was acknowledged is there afterwards, once, and ended once.

WEFT_KILLS sets how many times (a dozen in the usual run).
"""

import asyncio
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

from execution.jobs.records import ENDED
from execution.jobs.store import JobStore
from tests.execution.jobs_helpers import opened

KILLS = int(os.environ.get("WEFT_KILLS", "12"))
SERVER = Path(__file__).with_name("jobs_server.py")


class Heard:
    """What the killed processes had acknowledged, all in all."""

    def __init__(self) -> None:
        self.submitted: list[str] = []
        self.ended: dict[str, str] = {}
        self.events = Counter[str]()

    def hear(self, line: str) -> None:
        what, *rest = line.split()
        self.events[what] += 1
        if what == "submitted":
            self.submitted.append(rest[0])
        elif what == "ended":
            job_id, status = rest
            assert job_id not in self.ended, "it ended twice"
            self.ended[job_id] = status
        elif what in ("claimed", "returned"):
            assert rest[0] not in self.ended, "it ran again after it had ended"


def run_and_kill(path: Path, name: str, heard: Heard, lines: int) -> None:
    """Let the process work until it has acknowledged so much, then kill it in the midst of what it is doing."""
    with subprocess.Popen([sys.executable, str(SERVER), str(path), name], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            for _ in range(lines):
                line = server.stdout.readline()
                assert line.endswith("\n"), "it died by itself"
                heard.hear(line)
        finally:
            server.kill()
        for line in server.stdout:  # acknowledged before the kill, read after it
            if line.endswith("\n"):
                heard.hear(line)


async def check(store: JobStore, heard: Heard) -> None:
    assert store.notice is None
    jobs, total = await store.jobs()
    known = {job.id: job for job in jobs}
    assert len(known) == total == len(jobs)
    assert len(set(heard.submitted)) == len(heard.submitted)
    assert set(heard.submitted) <= known.keys(), "an accepted job is lost"
    for job_id, status in heard.ended.items():
        assert known[job_id].status == status
    for job in jobs:
        assert job.prompt and "again" not in job.id
        assert (job.status in ENDED) == (job.outcome is not None) == (job.ended is not None)
        assert job.status != "running"
    assert store.remaining == sum(job.status == "pending" for job in jobs)
    # Ended, but killed before it could say so: at most one for each of the two that worked, each time.
    unheard = [job for job in jobs if job.status in ENDED and job.id not in heard.ended]
    assert len(unheard) <= 2 * KILLS


def test_kill_the_server_at_random_moments(tmp_path):
    path = tmp_path / "jobs.db"
    chance = random.Random(20_261_121)
    heard = Heard()
    for number in range(KILLS):
        run_and_kill(path, f"r{number}", heard, chance.randrange(1, 150))

        async def look() -> None:
            async with opened(tmp_path) as store:
                await check(store, heard)

        if number % 3 == 0:  # else the next process itself takes over what the killed one left
            asyncio.run(look())
    asyncio.run(look())
    assert heard.events["twice"] == 0
    assert min(heard.events[what] for what in ("submitted", "claimed", "ended", "returned")) > 0
