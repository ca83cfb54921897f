"""Waiting for a job: by its event stream as long as there is one, by asking again and again otherwise."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from client.connection import BROKEN, Connection
from client.errors import Unreachable, WaitTimeout
from client.results import Job, Progress

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0  # seconds between two polls
SILENCE = 45.0  # seconds; the server sends a comment every 15

GetJob = Callable[[], Job]
Told = Callable[[Progress], Any]


def wait_for(
    connection: Connection, path: str, get_job: GetJob, seconds: float | None, on_progress: Told | None
) -> Job:
    """The job once it has ended; `path` is that of its events.

    Raises:
        WaitTimeout: it has not ended in time.
        Unreachable: the server has gone, and did not come back within half a minute.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    pause, lost = FIRST_PAUSE, 0.0
    while True:
        try:
            for progress in _progress(connection, path, deadline):
                if on_progress is not None:
                    on_progress(progress)
            job = get_job()
            lost = 0.0
        except Unreachable:
            lost = lost or time.monotonic()
            if time.monotonic() - lost > 30.0:
                raise
            job = None
        if job is not None and job.has_ended:
            return job
        if deadline is not None and time.monotonic() >= deadline:
            job = job or get_job()
            what = f"The job {job.id} has not ended within {seconds:g} seconds (it is {job.status})."
            raise WaitTimeout(f"{what} It goes on: wait() for it again, or cancel() it.", job)
        left = LONGEST_PAUSE if deadline is None else deadline - time.monotonic()
        time.sleep(max(0.0, min(pause, left)))
        pause = min(pause * 1.5, LONGEST_PAUSE)


def _progress(connection: Connection, path: str, deadline: float | None) -> Iterator[Progress]:
    """The progress that the event stream tells, until it ends, breaks or the time is over."""
    left = SILENCE if deadline is None else min(SILENCE, deadline - time.monotonic())
    if left <= 0:
        return
    event = ""
    with connection.open("GET", path, headers={"Accept": "text/event-stream"}, timeout=left) as stream:
        while deadline is None or time.monotonic() < deadline:
            try:
                line = stream.readline()
            except BROKEN:  # silence, or the connection is lost: whoever waits asks for the job
                return
            if not line:
                return
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            if text.startswith("event:"):
                event = text.removeprefix("event:").strip()
            elif text.startswith("data:") and event == "progress":
                yield Progress.of(json.loads(text.removeprefix("data:")))
