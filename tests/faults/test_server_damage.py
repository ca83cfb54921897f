"""A damaged database, and a full disk: nothing is lost in silence."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.clients.running import RunningServer
from tests.faults.soak import PICTURES, plain_prompt, workspace_with_pack

SMALL_DISK = "24m"


@pytest.fixture
def server(tmp_path):
    server = RunningServer(workspace_with_pack(tmp_path / "workspace"))
    try:
        yield server
    finally:
        server.end_all()


def database(workspace: Path) -> Path:
    (found,) = (workspace / "user").glob("*.sqlite3")
    return found


def damage(path: Path) -> bytes:
    """Overwrite the file from its second page on; returns what it then is."""
    content = bytearray(path.read_bytes())
    assert len(content) > 8192, "too small to be damaged in the middle"
    content[4096:8192] = b"\xa5" * 4096
    path.write_bytes(content)
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    return bytes(content)


@pytest.mark.parametrize("kind", ["damaged", "no database", "empty"])
def test_a_damaged_database_is_backed_up_and_reported(server, kind):
    server.start()
    job = server.queue(plain_prompt(1, "kept"))
    server.wait_until_idle()
    assert job in server.get("/history")
    assert server.stop() == 0
    path = database(server.workspace)
    if kind == "damaged":
        content = damage(path)
    else:
        content = b"" if kind == "empty" else b"these are no pages of SQLite" * 1_000
        path.write_bytes(content)
    already = len(server.lines)
    server.start()
    said = "\n".join(server.lines[already:])
    if kind != "empty":  # an empty file is what a database is before its first write: there is nothing to keep
        backups = [other for other in path.parent.iterdir() if other.is_file() and other.read_bytes() == content]
        assert backups, [other.name for other in path.parent.iterdir()]
        assert backups[0].name in said
    assert (server.workspace / "output" / "kept_00001_.png").is_file()
    again = server.queue(plain_prompt(2, "again"))
    server.wait_until_idle()
    assert server.get(f"/history/{again}")[again]["status"]["status_str"] == "success"


@pytest.fixture
def small_disk(tmp_path):
    """A file system of a few megabytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "tmpfs", str(folder)]
    if not sys.platform.startswith("linux") or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a small file system to fill")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Leave no byte free."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    assert shutil.disk_usage(folder).free == 0
    return ballast


def test_a_full_disk_pauses_the_queue_and_loses_nothing(small_disk):
    server = RunningServer(workspace_with_pack(small_disk / "workspace"))
    try:
        server.start()
        first = server.queue(plain_prompt(1, "first"))
        server.wait_until_idle()
        slow = server.queue(plain_prompt(2, "slow", steps=100, step_seconds=0.02))
        waiting = server.queue(plain_prompt(3, "waiting"))
        ballast = fill(small_disk)
        status, answer = server.request("POST", "/prompt", {"prompt": plain_prompt(4, "refused")})
        assert status in (500, 503, 507) and b"Traceback" not in answer and b"disk" in answer.lower(), answer
        wait_until_paused(server)
        assert {first, slow, waiting} <= known(server)
        ballast.unlink()
        resume(server)
        server.wait_until_idle()
        history = server.get("/history")
        assert [history[job]["status"]["status_str"] for job in (first, slow, waiting)] == ["success"] * 3
        assert len(list((server.workspace / "output").glob("*.png"))) == 3 * PICTURES
    finally:
        server.end_all()


def known(server):
    queue = server.get("/queue")
    return {entry[1] for entry in (*queue["queue_running"], *queue["queue_pending"])} | set(server.get("/history"))


def wait_until_paused(server):
    deadline = time.monotonic() + 60
    while "queue_paused" not in (queue := server.get("/queue")):
        assert time.monotonic() < deadline, queue
        time.sleep(0.05)
    assert "disk" in queue["queue_paused"].lower(), queue["queue_paused"]


def resume(server):
    """Say that there is room again."""
    assert server.post("/queue/resume", {})["paused"] is None
