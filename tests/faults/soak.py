"""Jobs whose results tell whether they were run once: for killing the server, or its worker, while they run."""

import json
import os
import random
import shutil
import signal
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from tests.clients.running import RunningServer, wait_until_gone

PACK = Path(__file__).resolve().parents[1] / "clients" / "pack" / "weft_test_nodes.py"
WIDTH, HEIGHT = 48, 32
PICTURES = 2  # that each job saves
SHARED = "soak/shared"  # half of the jobs number their files on under one prefix, the others have one each
IN_USE = 409  # of a prompt_id that was accepted before
SETTLE_SECONDS = 300.0


def workspace_with_pack(folder: Path) -> Path:
    """A workspace whose node packs are the test pack."""
    packs = folder / "custom_nodes"
    packs.mkdir(parents=True)
    shutil.copy(PACK, packs)
    return folder


def plain_prompt(colour: int, prefix: str, steps: int = 8, step_seconds: float = 0.01) -> dict:
    """Saves pictures of one colour, after a node that takes `steps * step_seconds`."""
    size = {"width": WIDTH, "height": HEIGHT, "batch_size": PICTURES}
    wait = {"image": ["1", 0], "steps": steps, "step_seconds": step_seconds, "salt": colour}
    return {
        "1": {"class_type": "EmptyImage", "inputs": {**size, "color": colour}},
        "2": {"class_type": "TestWaits", "inputs": wait},
        "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": prefix}},
    }


@dataclass
class Soak:
    """A server, the jobs that it accepted, and the kills that it and its workers met."""

    server: RunningServer
    random: random.Random
    accepted: dict[str, int] = field(default_factory=dict)  # job -> its colour
    server_kills: int = 0
    worker_kills: int = 0
    ready_seconds: list[float] = field(default_factory=list)  # from each restart to the first answer

    def submit(self, count: int) -> None:
        """Queue jobs as a careful client does: each under its own id, again and again until it is accepted."""
        for _ in range(count):
            colour = len(self.accepted) * 500 + 1_000  # no two alike, none black
            job = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
            prefix = SHARED if colour % 1_000 == 0 else f"soak/own_{job}"
            body = {"prompt": plain_prompt(colour, prefix), "prompt_id": job, "client_id": "soak"}
            while not self._accepts(body):
                time.sleep(0.02)
            self.accepted[job] = colour

    def _accepts(self, body: dict) -> bool:
        try:
            status, answer = self.server.request("POST", "/prompt", body)
        except OSError:  # the server is gone, or went while it answered: whether it took the job, the next try says
            return False
        assert status in (200, IN_USE), (status, answer[:500])
        return True

    def submit_meanwhile(self, count: int) -> threading.Thread:
        """`submit` on a thread, to be joined."""
        thread = threading.Thread(target=self.submit, args=(count,))
        thread.start()
        return thread

    def wait_until_fewer(self, remaining: int, seconds: float) -> None:
        """Wait until the queue has shrunk, for at most so long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.remaining() > remaining:
            time.sleep(0.005)

    def remaining(self) -> int:
        return int(self.server.get("/prompt")["exec_info"]["queue_remaining"])

    def kill_server(self, within: float) -> bool:
        """kill -9 at a random moment: half of them while jobs run, half whenever; then a new server.

        Returns whether a job ran just before.
        """
        running = self._wait_for_the_moment(within)
        workers = self.server.kill()
        self.server_kills += 1
        for worker in workers:
            assert wait_until_gone(worker), f"worker {worker} outlived its server"
        began = time.perf_counter()
        self.server.start()
        self.ready_seconds.append(time.perf_counter() - began)
        return running

    def kill_worker(self, within: float) -> bool:
        """kill -9 of the worker at a random moment; whether a job ran just before."""
        running = self._wait_for_the_moment(within)
        for worker in self.server.worker_pids():
            os.kill(worker, signal.SIGKILL)
            self.worker_kills += 1
        return running

    def _wait_for_the_moment(self, within: float) -> bool:
        if self.random.random() < 0.5:
            done = self.random.randrange(1, 5)
            self.wait_until_fewer(max(self.remaining() - done, 0), 3 * within)
            time.sleep(self.random.uniform(0, 0.1))
        else:
            time.sleep(self.random.uniform(0, within))
        return bool(self.server.get("/queue")["queue_running"])

    def check(self) -> dict[str, int]:
        """Wait until all jobs have ended, then check every promise; how many jobs ended how."""
        self.server.wait_until_idle(SETTLE_SECONDS)
        history = self.server.get("/history")
        missing = set(self.accepted) - set(history)
        assert not missing, f"{len(missing)} accepted jobs have no end"
        assert set(history) == set(self.accepted), "jobs ended that nobody queued"
        named: list[str] = []
        ends = {"success": 0, "error": 0}
        for job, entry in history.items():
            ends[entry["status"]["status_str"]] += 1
            files = [file for output in entry["outputs"].values() for file in output.get("images", [])]
            if entry["status"]["status_str"] == "success":
                assert len(files) == PICTURES, (job, files)
            else:
                self._check_error(entry)
            named += [self._check_file(file, self.accepted[job]) for file in files]
        assert len(named) == len(set(named)), "two jobs name one file"
        self._check_folders(set(named), unnamed=PICTURES * ends["error"])
        assert ends["error"] <= self.worker_kills // 2, "a job may fail only when its worker died twice"
        return ends

    def _check_error(self, entry: dict) -> None:
        assert self.worker_kills, "without a worker's death nothing may fail"
        message = entry["status"]["messages"][-1]
        assert message[0] == "execution_error", message
        assert "worker" in json.dumps(message[1]).lower(), message

    def _check_file(self, file: dict, colour: int) -> str:
        path = self.server.workspace / file["type"] / file["subfolder"] / file["filename"]
        with Image.open(path) as picture:
            picture.load()
            assert picture.size == (WIDTH, HEIGHT)
            assert picture.getpixel((0, 0)) == (colour >> 16, colour >> 8 & 255, colour & 255), f"{path} is another's"
        return str(path)

    def _check_folders(self, named: set[str], unnamed: int) -> None:
        output = self.server.workspace / "output"
        on_disk = {str(path) for path in output.rglob("*") if path.is_file()}
        assert not [path for path in on_disk if path.endswith(".tmp")], "unfinished files are left"
        assert named <= on_disk
        assert len(on_disk - named) <= unnamed, f"{len(on_disk - named)} files that no job names"
