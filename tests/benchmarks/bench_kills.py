"""kill -9 of the server, and of its worker, again and again while batches of 50 jobs run; checks every promise.

    python -m tests.benchmarks.bench_kills [--kills 200] [--of server worker] [--seed N]

The worker is the real one (torch and all nodes); its jobs are small pictures after a short wait, so that a kill meets
them at every stage. After each batch: every accepted job has ended once; what history names is on disk, whole, and that
job's own; nothing else is there. Prints how soon a restarted server answered.
"""

import argparse
import random
import statistics
import tempfile
import time
from pathlib import Path

from tests.clients.running import RunningServer
from tests.faults.soak import Soak, workspace_with_pack

JOBS = 50
WITHIN = 4.0  # seconds
MOST_PER_BATCH = 10  # kills that 50 jobs meet


def run(kind: str, kills: int, seed: int) -> None:
    """Kill until there were enough; print what was seen."""
    with tempfile.TemporaryDirectory() as folder:
        server = RunningServer(workspace_with_pack(Path(folder, "workspace")))
        soak = Soak(server.start(), random.Random(seed))
        began = time.perf_counter()
        ends: dict[str, int] = {}
        running = done = 0
        try:
            while done < kills:
                submitting = soak.submit_meanwhile(JOBS)
                for _ in range(min(MOST_PER_BATCH, kills - done)):
                    running += (soak.kill_server if kind == "server" else soak.kill_worker)(WITHIN)
                    done += 1
                submitting.join()
                ends = soak.check()
                print(f"{kind}: {done} kills, {len(soak.accepted)} jobs: {ends}", flush=True)
        finally:
            server.end_all()
    took = time.perf_counter() - began
    print(f"{kind}: {done} kills ({running} while a job ran), {len(soak.accepted)} accepted jobs: {ends}; {took:.0f} s")
    if soak.ready_seconds:
        ready = soak.ready_seconds
        print(f"ready again: median {statistics.median(ready):.2f} s, most {max(ready):.2f} s ({len(ready)} starts)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--of", nargs="+", choices=("server", "worker"), default=["server", "worker"])
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()
    print(f"seed {options.seed}")
    for kind in options.of:
        run(kind, options.kills, options.seed)


if __name__ == "__main__":
    main()
