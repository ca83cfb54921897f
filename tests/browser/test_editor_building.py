"""What a person sees on a machine that has no build of the editor and cannot reach the registry at first."""

import os
import socket
import subprocess
import sys

import pytest

from tests.browser.studio import READY, Complaints
from tests.clients.running import ROOT, RunningServer


def test_from_a_build_that_hangs_over_one_that_fails_to_the_editor(tmp_path, page):
    """Without a reload by hand: the page follows the build, says why it failed, and becomes the editor."""
    complaints = Complaints(page)
    cache = {"WEFT_CACHE": str(tmp_path / "cache")}
    silent = socket.create_server(("127.0.0.1", 0))
    registry = {"NPM_CONFIG_REGISTRY": f"http://127.0.0.1:{silent.getsockname()[1]}"}
    server = RunningServer(tmp_path / "workspace", "--no-browser", environment={**cache, **registry})
    try:
        with silent:
            page.goto(server.start().url)
            page.get_by_role("heading", name="The editor is being built").wait_for()
            page.get_by_role("status").filter(has_text="Fetching").wait_for()
            assert server.get("/prompt")["exec_info"]["queue_remaining"] == 0
        page.get_by_role("heading", name="The editor could not be built").wait_for()
        assert "cannot be had from 127.0.0.1" in page.get_by_role("alert").inner_text()
        assert complaints.unexpected == []
        build_by_hand(cache)
        page.get_by_role("button", name="Try again").click()
        page.locator(READY).wait_for(state="attached")
    finally:
        server.end_all()


def build_by_hand(environment):
    """`python -m web.build`, from the registry that this machine is configured for."""
    command = [sys.executable, "-m", "web.build"]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, check=False)
    if done.returncode == 3 and not os.environ.get("CI"):
        pytest.skip(f"the npm registry cannot be reached: {done.stderr.decode()}")
    assert done.returncode == 0, done.stderr.decode()
