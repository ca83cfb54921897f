"""The whole of Weft for browser tests: a real server with a real CPU worker, serving the built editor."""

import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Page

from tests.clients.running import RunningServer

BUILD_SECONDS = 300.0  # before a build of the editor is given up; it fetches packages on a machine's first run
WORKER_SECONDS = 120.0  # before a worker that does not come up is given up
READY = 'html[data-ready="true"]'
"""What the editor says of itself once a person can use it."""


class Studio:
    """One server for all browser tests of a session; `clean` makes it as good as new."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.workspace = server.workspace

    @property
    def address(self) -> str:
        """Without a slash at its end."""
        return self.server.url

    def get(self, path: str) -> Any:
        """The JSON answer of a GET that succeeds."""
        return self.server.get(path)

    def post(self, path: str, body: object) -> Any:
        """The JSON answer of a POST that succeeds; None for an empty one."""
        return self.server.post(path, body)

    def queue(self, workflow: Mapping[str, object], **fields: object) -> str:
        """Queue a workflow (API prompt or UI workflow); returns the job's id."""
        return self.server.queue(workflow, **fields)

    def wait_idle(self, seconds: float = 120.0) -> None:
        """Wait until nothing is queued or runs."""
        self.server.wait_until_idle(seconds)

    def wait_ready(self) -> None:
        """Wait for the editor and a worker. Without a registry the tests are skipped, or fail where CI is set."""
        self._wait_for_editor()
        wait_until(
            WORKER_SECONDS, self._has_worker, lambda: "No worker comes up. The server printed:\n" + self._printed()
        )

    def clean(self) -> None:
        """Nothing queued, no history, no saved files, no settings, no pictures."""
        self.post("/api/queue/resume", {})
        self.post("/queue", {"clear": True})
        self.post("/interrupt", {})
        self.wait_idle()
        self.post("/history", {"clear": True})
        self.post("/free", {"free_memory": True})  # results that were known would name pictures that are gone now
        for folder in (self.workspace / "user" / "default", self.workspace / "output", self.workspace / "temp"):
            for path in folder.iterdir() if folder.is_dir() else ():
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _wait_for_editor(self) -> None:
        page = ""

        def is_built() -> bool:
            nonlocal page
            page = self.server.request("GET", "/")[1].decode()
            return "data-building" not in page

        wait_until(BUILD_SECONDS, is_built, lambda: f"The editor's build does not end: {page}")
        if "could not be built" in page:
            message = f"The editor could not be built. The server printed:\n{self._printed()}"
            if os.environ.get("CI") or "cannot be had from" not in page:
                pytest.fail(message)
            pytest.skip(message)

    def _has_worker(self) -> bool:
        return any(worker["status"] in ("ready", "busy") for worker in self.get("/api/status")["workers"])

    def _printed(self) -> str:
        return "\n".join(self.server.lines[-40:])


def wait_until(seconds: float, is_so: Callable[[], bool], complaint: Callable[[], str]) -> None:
    """Ask again and again whether something is so; TimeoutError with the complaint when it is not in time."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(complaint())
        time.sleep(0.05)


@contextmanager
def running_studio(workspace: Path, *arguments: str) -> Iterator[Studio]:
    """A studio for the length of a `with` block: `main.py serve --port 0 --cpu`, the bundled checkpoints."""
    server = RunningServer(workspace, "--no-browser", *arguments)
    try:
        studio = Studio(server.start())
        studio.wait_ready()
        yield studio
    finally:
        server.end_all()


class Complaints:
    """What a page complains of: errors in its console, and exceptions that nobody caught."""

    def __init__(self, page: Page) -> None:
        self._seen: list[str] = []
        self._expected: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._seen.append(f"{error}\n{error.stack or ''}"))

    def expect(self, *parts: str) -> None:
        """Let pass, in this test, complaints that hold one of these texts: `complaints.expect("404")`."""
        self._expected.extend(parts)

    @property
    def unexpected(self) -> list[str]:
        """Those that fail the test."""
        return [text for text in self._seen if not any(part in text for part in self._expected)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._seen.append(f"{message.text} ({message.location['url']})")


def open_editor(page: Page, studio: Studio, path: str = "/") -> None:
    """Open the editor and wait until a person could use it."""
    page.goto(f"{studio.address}{path}")
    page.locator(READY).wait_for(state="attached")
