"""How long `main.py run` takes on the bundled pair: to its first node, and to the picture.

    python tests/benchmarks/bench_command_line.py [--runs N] [ARGUMENTS OF run ...]

Each run is a new process, as a user starts it; times count from its start. Prints the median and the spread.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def measure(arguments: list[str], workspace: str) -> dict[str, float]:
    """Seconds from the process's start to: the first node, each sampler's first and last step, the end."""
    started = time.perf_counter()
    command = [sys.executable, "main.py", "run", "--json", "--workspace", workspace, *arguments]
    times: dict[str, float] = {}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            now = time.perf_counter() - started
            event = json.loads(line)
            if event["type"] == "node_started":
                times.setdefault("first node", now)
            elif event["type"] == "progress":
                times.setdefault("first sampler step", now)
                times["last sampler step"] = now
            elif event["type"] == "saved":
                times["picture written"] = now
    times["process ended"] = time.perf_counter() - started
    if process.returncode:
        raise SystemExit(f"The run failed with exit code {process.returncode}.")
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    options, arguments = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as workspace:
        measure(arguments, workspace)  # warms the page cache
        runs = [measure(arguments, workspace) for _ in range(options.runs)]
    for name in runs[0]:
        seconds = [run[name] for run in runs]
        print(f"{name:<20} {statistics.median(seconds):6.2f} s   ({min(seconds):.2f} .. {max(seconds):.2f})")


if __name__ == "__main__":
    main()
