"""A server that is stopped, workers that die for other reasons than a kill from outside, and what becomes of jobs."""

import os
import signal
from pathlib import Path

import pytest

from tests.clients.running import RunningServer, is_running, wait_until_gone
from tests.faults.soak import PICTURES, plain_prompt, workspace_with_pack

pytestmark = pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="finds worker processes in /proc, on Linux")

LONG = {"steps": 2_000, "step_seconds": 0.05}
REFUSED_BY_COMMAND_LINE = 2


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server for the tests that leave it as it was."""
    server = RunningServer(workspace_with_pack(tmp_path_factory.mktemp("ends") / "workspace"))
    try:
        yield server.start()
    finally:
        server.end_all()


@pytest.fixture
def own_server(tmp_path):
    """A server that a test may stop."""
    server = RunningServer(workspace_with_pack(tmp_path / "workspace"))
    try:
        yield server.start()
    finally:
        server.end_all()


def killing_prompt(flag=""):
    return {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 7}},
        "2": {"class_type": "TestEndsTheWorker", "inputs": {"image": ["1", 0], "unless_exists": flag}},
        "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "killing"}},
    }


def entry(server, job):
    return server.get(f"/history/{job}")[job]


def test_a_job_that_kills_its_worker_twice_is_reported_and_the_others_go_on(server):
    before = server.queue(plain_prompt(1, "before"))
    deadly = server.queue(killing_prompt())
    after = server.queue(plain_prompt(2, "after"))
    server.wait_until_idle()
    assert entry(server, before)["status"]["status_str"] == "success"
    assert entry(server, after)["status"]["status_str"] == "success"
    status = entry(server, deadly)["status"]
    assert status["status_str"] == "error"
    kind, data = status["messages"][-1]
    assert kind == "execution_error"
    assert "worker" in data["exception_message"].lower()
    assert data["node_id"] == "2" and data["node_type"] == "TestEndsTheWorker"


def test_a_job_whose_worker_dies_once_is_run_again_and_succeeds(server, tmp_path):
    flag = tmp_path / "died"
    job = server.queue(killing_prompt(str(flag)))
    server.wait_until_idle()
    assert flag.exists()
    found = entry(server, job)
    assert found["status"]["status_str"] == "success"
    assert len(found["outputs"]["3"]["images"]) == 1


def test_a_worker_that_is_killed_while_idle_is_replaced(server):
    server.queue(plain_prompt(3, "warm"))
    server.wait_until_idle()
    (worker,) = server.worker_pids()
    os.kill(worker, signal.SIGKILL)
    assert wait_until_gone(worker)
    job = server.queue(plain_prompt(4, "replaced"))
    server.wait_until_idle()
    assert entry(server, job)["status"]["status_str"] == "success"
    assert server.worker_pids() != [worker]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_asked_to_end_gives_its_running_job_back(own_server, number):
    job = own_server.queue(plain_prompt(5, "long", **LONG))
    waiting = own_server.queue(plain_prompt(6, "waiting"))
    while not own_server.get("/queue")["queue_running"]:
        pass
    workers = own_server.worker_pids()
    assert own_server.stop(number) == 0
    assert not [worker for worker in workers if is_running(worker)]
    own_server.start()
    queue = own_server.get("/queue")
    order = [entry[1] for entry in (*queue["queue_running"], *queue["queue_pending"])]
    assert order == [job, waiting]
    own_server.post("/queue", {"delete": [job]})
    own_server.post("/interrupt", {"prompt_id": job})
    own_server.wait_until_idle()
    images = entry(own_server, waiting)["outputs"]["3"]["images"]
    assert len(images) == PICTURES


def test_a_second_server_on_a_workspace_is_refused_with_the_address_of_the_first(server):
    second = RunningServer(server.workspace)
    second.launch()
    try:
        assert second.process.wait(60) == REFUSED_BY_COMMAND_LINE
    finally:
        second.end_all()
    assert server.url in "\n".join(second.lines)
    assert not any("Traceback" in line for line in second.lines)
    assert server.get("/prompt")["exec_info"]["queue_remaining"] == 0


def test_a_taken_port_is_refused_with_a_sentence(server, tmp_path):
    second = RunningServer(tmp_path / "other", port=server.port)
    second.launch()
    try:
        assert second.process.wait(60) == REFUSED_BY_COMMAND_LINE
    finally:
        second.end_all()
    assert any(str(server.port) in line and "--port" in line for line in second.lines)
