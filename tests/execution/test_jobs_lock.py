"""One server for a workspace."""

import asyncio
import signal
import subprocess
import sys

import pytest

from execution.jobs.errors import StoreError
from execution.jobs.lock import FILE, WorkspaceBusy, WorkspaceLock

HOLD = """
import sys
from pathlib import Path
from execution.jobs.lock import WorkspaceLock
lock = WorkspaceLock.take(Path(sys.argv[1]), "http://127.0.0.1:8188")
print("held", flush=True)
sys.stdin.read()
"""


def test_the_second_is_refused_with_the_firsts_address(tmp_path):
    folder = tmp_path / "new" / "workspace"
    with WorkspaceLock.take(folder, "http://127.0.0.1:8188"):
        with pytest.raises(WorkspaceBusy, match=r"http://127\.0\.0\.1:8188.*--workspace") as refused:
            WorkspaceLock.take(folder, "http://127.0.0.1:9999")
        assert refused.value.address == "http://127.0.0.1:8188"
        with pytest.raises(WorkspaceBusy, match="8188"):  # and the one who was refused did not change it
            WorkspaceLock.take(folder, "http://127.0.0.1:9999")
    with WorkspaceLock.take(folder, "again"):
        pass


def test_the_address_may_come_later(tmp_path):
    with WorkspaceLock.take(tmp_path) as lock:
        lock.tell("http://[::1]:1234")
        lock.tell("http://[::1]:5")
        with pytest.raises(WorkspaceBusy) as refused:
            WorkspaceLock.take(tmp_path)
        assert refused.value.address == "http://[::1]:5"
    lock.release()
    lock.tell("nobody")


def test_a_server_that_has_said_nothing_is_still_respected(tmp_path):
    with WorkspaceLock.take(tmp_path):
        with pytest.raises(WorkspaceBusy, match=r"uses .* already\. Use") as refused:
            WorkspaceLock.take(tmp_path)
        assert refused.value.address == ""


def test_two_folders_are_two(tmp_path):
    with WorkspaceLock.take(tmp_path / "a"), WorkspaceLock.take(tmp_path / "b"):
        pass


def test_the_kernel_releases_the_lock_of_a_killed_server(tmp_path):
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None and server.stdout.readline() == "held\n"
            with pytest.raises(WorkspaceBusy, match="8188"):
                WorkspaceLock.take(tmp_path)
        finally:
            server.send_signal(signal.SIGKILL)
    assert (tmp_path / FILE).read_text() == "http://127.0.0.1:8188"  # what is left of it says nothing
    WorkspaceLock.take(tmp_path).release()


def test_a_folder_that_cannot_be_used_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="writable"):
        WorkspaceLock.take(tmp_path / "file")


def test_child_processes_do_not_inherit_the_lock(tmp_path):
    """A worker that outlives its server must not keep the next server out."""
    with WorkspaceLock.take(tmp_path):
        child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    try:
        WorkspaceLock.take(tmp_path).release()
    finally:
        child.communicate()


def test_many_at_once_have_one_winner(tmp_path):
    async def main():
        def attempt():
            try:
                return WorkspaceLock.take(tmp_path, "me")
            except WorkspaceBusy:
                return None

        locks = [lock for lock in await asyncio.gather(*(asyncio.to_thread(attempt) for _ in range(8))) if lock]
        assert len(locks) == 1
        locks[0].release()

    asyncio.run(main())
