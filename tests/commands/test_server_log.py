"""What the server's terminal shows: what people should know, and no more."""

import logging

import pytest

from commands.server_log import log_to, tell_failures
from execution.jobs.records import Job, JobError, Outcome
from execution.logbook import Logbook
from execution.workers.news import JobEnded


@pytest.fixture
def logs():
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    logs = Logbook()
    log_to(logs)
    yield logs
    root.handlers[:] = before
    root.setLevel(level)


def test_the_terminal_shows_warnings_and_what_servers_and_workers_tell(logs, capfd):
    logging.getLogger("some.library").info("a detail")
    logging.getLogger("some.library").warning("a warning")
    logs.write("server", "The worker cpu died.")
    logs.write("worker cpu", "hello")
    assert capfd.readouterr().err.splitlines() == ["a warning", "The worker cpu died.", "[worker cpu] hello"]
    assert [line.text for line in logs.lines] == ["a detail", "a warning", "The worker cpu died.", "hello"]


def ended(outcome):
    return JobEnded(Job("j1", 1.0, outcome.status, {}, (), {}, 0, outcome=outcome))


def test_a_failed_job_is_told_with_its_traceback(logs, capfd):
    raised = JobError(
        "node", "no such file", "ValueError", "3", "Boom", ('  File "pack.py", line 1, in go\n', "    x\n")
    )
    tell_failures(ended(Outcome("error", error=raised)), logs)
    told = capfd.readouterr().err.splitlines()
    assert told == ["Job j1 failed at node 3 (Boom): no such file", '  File "pack.py", line 1, in go', "    x"]


def test_a_sentence_about_an_input_needs_no_traceback(logs, capfd):
    refused = JobError("node", "Save it as a PNG.", "execution.errors.NodeInputError", "1", "LoadImage", ("frames\n",))
    tell_failures(ended(Outcome("error", error=refused)), logs)
    assert capfd.readouterr().err.splitlines() == ["Job j1 failed at node 1 (LoadImage): Save it as a PNG."]


def test_a_death_is_told_without_what_the_terminal_showed_already(logs, capfd):
    died = JobError("worker", "The worker died.", "WorkerDied", traceback=("its last words\n",))
    tell_failures(ended(Outcome("error", error=died)), logs)
    tell_failures(ended(Outcome("success")), logs)
    assert capfd.readouterr().err.splitlines() == ["Job j1 failed: The worker died."]
