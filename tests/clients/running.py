"""A real Weft server in its own process, for tests and benchmarks that speak to it from outside."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = re.compile(r"serves at (http://\S+?:(\d+))")
START_SECONDS = 60.0  # before a server that says nothing is given up; how long a start takes is a benchmark's matter
STOP_SECONDS = 30.0


class RunningServer:
    """`python main.py --workspace W --port P --cpu` as a user starts it; its output is kept in `lines`."""

    def __init__(
        self, workspace: Path, *arguments: str, port: int = 0, environment: Mapping[str, str] | None = None
    ) -> None:
        self.workspace = workspace
        self.lines: list[str] = []
        self._arguments = arguments
        self._port = port
        self._environment = {**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})}
        self._said_address = threading.Event()
        self._address = ""
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def launch(self) -> None:
        """Start the process; returns at once."""
        self._said_address.clear()
        command = [sys.executable, str(ROOT / "main.py"), "--workspace", str(self.workspace), "--cpu"]
        self._process = subprocess.Popen(
            [*command, "--port", str(self._port), *self._arguments],
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # so that an interrupted test run can end all of it
        )
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()

    def start(self) -> "RunningServer":
        """Start the process and wait until it answers."""
        self.launch()
        self.wait_until_it_answers()
        return self

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self.lines.append(line.rstrip("\n"))
                if found := ADDRESS.search(line):
                    self._address, self._port = found[1], int(found[2])
                    self._said_address.set()
        self._said_address.set()  # whoever waits for an address looks whether there is one

    def wait_until_it_answers(self) -> None:
        """Wait for the first answer over HTTP.

        Raises:
            RuntimeError: the server ended, or does not answer; with what it printed.
        """
        deadline = time.monotonic() + START_SECONDS
        self._said_address.wait(START_SECONDS)
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/prompt", timeout=5):
                    return
            except urllib.error.HTTPError as refusal:  # an answer too: such as 401 of a server that asks for a token
                refusal.close()
                return
            except (OSError, ValueError):
                time.sleep(0.02)
        raise RuntimeError("The server does not answer. It printed:\n" + "\n".join(self.lines))

    @property
    def process(self) -> "subprocess.Popen[str]":
        assert self._process is not None, "not started"
        return self._process

    @property
    def url(self) -> str:
        return self._address

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        return self._port

    def worker_pids(self) -> list[int]:
        """The processes that the server started and that live, by the kernel's own list (Linux)."""
        try:
            children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
            return [int(child) for child in children if is_running(int(child))]
        except OSError:
            return []

    def kill(self) -> list[int]:
        """kill -9 of the server alone; returns the workers that it had."""
        workers = self.worker_pids()
        self.process.send_signal(signal.SIGKILL)
        self._collect()
        return workers

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask the server to end; returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self._collect()

    def end_all(self) -> None:
        """End the server and what it started, however it goes."""
        if self._process is None:
            return
        workers = self.worker_pids()
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._collect()
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._collect()
        for worker in workers:
            if not wait_until_gone(worker):
                os.kill(worker, signal.SIGKILL)

    def _collect(self) -> int:
        code = self.process.wait(STOP_SECONDS)
        if self._reader is not None:
            self._reader.join(STOP_SECONDS)
        return code

    def request(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """One request; returns the status and the body, also of refusals."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", data=data, method=method, headers=dict(headers or {}))
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read()

    def get(self, path: str) -> Any:
        """The JSON answer of a GET that succeeds."""
        status, body = self.request("GET", path)
        assert status == 200, (path, status, body[:500])
        return json.loads(body)

    def post(self, path: str, body: object) -> Any:
        """The JSON answer of a POST that succeeds; None for an empty one."""
        status, answer = self.request("POST", path, body)
        assert status == 200, (path, status, answer[:500])
        return json.loads(answer) if answer else None

    def queue(self, prompt: Mapping[str, object], **fields: object) -> str:
        """Queue a prompt; returns its id."""
        return str(self.post("/prompt", {"prompt": prompt, **fields})["prompt_id"])

    def wait_until_idle(self, seconds: float = 120.0) -> None:
        """Wait until nothing is queued or runs."""
        deadline = time.monotonic() + seconds
        while self.get("/prompt")["exec_info"]["queue_remaining"]:
            if time.monotonic() > deadline:
                raise TimeoutError("The queue does not empty. The server printed:\n" + "\n".join(self.lines[-40:]))
            time.sleep(0.05)


def is_running(pid: int) -> bool:
    """Whether a process lives (one that has ended and was not collected does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


def wait_until_gone(pid: int, seconds: float = STOP_SECONDS) -> bool:
    """Wait for a process that is not ours to collect; whether it went."""
    deadline = time.monotonic() + seconds
    while is_running(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@contextmanager
def running_server(workspace: Path, *arguments: str, **options: object) -> Iterator[RunningServer]:
    """A server for the length of a `with` block."""
    server = RunningServer(workspace, *arguments, **options)  # type: ignore[arg-type]
    try:
        yield server.start()
    finally:
        server.end_all()
