"""How soon the server answers, how much memory it holds when idle, how long its catalogue and its end take.

    python -m tests.benchmarks.bench_server [--runs N] [--drop-caches]

Times count from the start of a new process to the first complete HTTP answer. Runs are paired: each round starts the
server once with Python's compiled files in place and once without any (as after an update). `--drop-caches` adds a
start with the kernel's page cache dropped first (needs root, and slows everything else on the machine for a while).
"""

import argparse
import http.client
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.clients.running import ROOT, RunningServer, running_server
from tests.faults.soak import plain_prompt, workspace_with_pack

REQUESTS = 100


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def seconds_to_first_answer(workspace: Path, environment: dict[str, str]) -> float:
    """Start a server, wait for its answer to GET /prompt, kill it."""
    port = free_port()
    command = [sys.executable, "main.py", "--workspace", str(workspace), "--port", str(port), "--cpu"]
    began = time.perf_counter()
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            while not answers(port):
                if process.poll() is not None:
                    raise SystemExit("The server ended while it started.")
                time.sleep(0.002)
            return time.perf_counter() - began
        finally:
            process.send_signal(signal.SIGTERM)


def answers(port: int) -> bool:
    """Whether a server answers on a port with 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/prompt")
        answer = connection.getresponse()
        answer.read()
        return answer.status == 200
    except OSError:
        return False
    finally:
        connection.close()


def drop_page_cache() -> None:
    """Have the kernel forget the files that it holds in memory."""
    os.sync()
    Path("/proc/sys/vm/drop_caches").write_text("3")


def show(name: str, values: list[float], unit: str) -> None:
    """Print a median and the range."""
    print(f"{name:<58} {statistics.median(values):8.2f} {unit}   ({min(values):.2f} .. {max(values):.2f})")


def bench_start(runs: int, drop: bool) -> None:
    """Starts, paired."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder, "workspace")
        seconds_to_first_answer(workspace, {})  # writes the compiled files
        warm, uncompiled, cold = [], [], []
        for number in range(runs):
            warm.append(seconds_to_first_answer(workspace, {}))
            nowhere = str(Path(folder, f"compiled-{number}"))
            uncompiled.append(seconds_to_first_answer(workspace, {"PYTHONPYCACHEPREFIX": nowhere}))
            if drop:
                drop_page_cache()
                cold.append(seconds_to_first_answer(workspace, {}))
    show("start to first answer", warm, "s")
    show("start to first answer, nothing compiled yet", uncompiled, "s")
    if cold:
        show("start to first answer, page cache dropped", cold, "s")


def bench_idle(settle: float) -> None:
    """Memory of the server's process while nothing runs, and of its worker beside it."""
    with tempfile.TemporaryDirectory() as folder, running_server(Path(folder, "workspace")) as server:
        server.get("/object_info")  # waits for the worker
        time.sleep(settle)
        for name, pid in (("server", server.process.pid), *(("worker", pid) for pid in server.worker_pids())):
            memory = memory_of(pid)
            print(f"idle {name:<53} {memory['Rss']:8.1f} MB   (proportional share {memory['Pss']:.1f} MB)")
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        for name, headers in (("GET /object_info", {}), ("GET /object_info, gzip", {"Accept-Encoding": "gzip"})):
            times, size = request_times(connection, "/object_info", headers)
            show(f"{name} ({size / 1000:.0f} kB)", times, "ms")
        times, _ = request_times(connection, "/prompt", {})
        show("GET /prompt", times, "ms")
        connection.close()


def bench_end(runs: int) -> None:
    """From SIGTERM to the end of the process, while a job runs that would take a minute."""
    with tempfile.TemporaryDirectory() as folder:
        server = RunningServer(workspace_with_pack(Path(folder, "workspace")))
        seconds = []
        for _ in range(runs):
            server.start()
            server.post("/queue", {"clear": True})
            server.queue(plain_prompt(1, "long", steps=1_200, step_seconds=0.05))
            while not server.get("/queue")["queue_running"]:
                time.sleep(0.01)
            began = time.perf_counter()
            server.stop()
            seconds.append(time.perf_counter() - began)
        show("SIGTERM to the process's end, a job running", seconds, "s")


def memory_of(pid: int) -> dict[str, float]:
    """Resident and proportional memory of a process, MB (of 2^20 bytes)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return {name: kilobytes[name] / 1024 for name in ("Rss", "Pss")}


def request_times(
    connection: http.client.HTTPConnection, path: str, headers: dict[str, str]
) -> tuple[list[float], int]:
    """Milliseconds of requests over one connection that stays open, and the size of an answer."""
    times, size = [], 0
    for _ in range(REQUESTS):
        began = time.perf_counter()
        connection.request("GET", path, headers=headers)
        size = len(connection.getresponse().read())
        times.append(1000 * (time.perf_counter() - began))
    return times, size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--drop-caches", action="store_true")
    parser.add_argument("--settle", type=float, default=5.0, metavar="SECONDS", help="before idle memory is read")
    options = parser.parse_args()
    bench_start(options.runs, options.drop_caches)
    bench_idle(options.settle)
    bench_end(min(options.runs, 5))


if __name__ == "__main__":
    main()
