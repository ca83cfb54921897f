"""kill -9 of the server, and of its worker, at random moments while jobs run: every accepted job ends once.

The worker is the real one. `WEFT_KILL_ROUNDS` asks for more kills; `tests/benchmarks/bench_kills.py` does 200 of each
in batches of 50 jobs, and prints how soon the server answers again.
"""

import os
import random
from pathlib import Path

import pytest

from tests.clients.running import RunningServer
from tests.faults.soak import Soak, workspace_with_pack

pytestmark = pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="finds worker processes in /proc, on Linux")

ROUNDS = int(os.environ.get("WEFT_KILL_ROUNDS", "6"))
JOBS = 50
WITHIN = 6.0  # seconds in which a kill falls: a worker's start and then some jobs


@pytest.fixture
def soak(tmp_path):
    seed = int(os.environ.get("WEFT_KILL_SEED", random.SystemRandom().randrange(10**6)))
    print(f"WEFT_KILL_SEED={seed}")
    server = RunningServer(workspace_with_pack(tmp_path / "workspace"))
    try:
        yield Soak(server.start(), random.Random(seed))
    finally:
        server.end_all()


def test_every_accepted_job_ends_once_when_the_server_is_killed(soak):
    soak.submit(JOBS // 2)
    submitting = soak.submit_meanwhile(JOBS - JOBS // 2)
    for _ in range(ROUNDS):
        soak.kill_server(WITHIN)
    submitting.join()
    assert soak.check() == {"success": JOBS, "error": 0}
    assert soak.server_kills == ROUNDS


def test_every_accepted_job_ends_once_when_the_worker_is_killed(soak):
    soak.submit(JOBS)
    for _ in range(ROUNDS):
        soak.kill_worker(WITHIN)
    ends = soak.check()
    assert sum(ends.values()) == JOBS
