"""A server that goes away, refuses or loses its worker: a clear message, nothing lost, and the truth afterwards."""

import io
import json
import os
import signal
import sqlite3
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.studio import Studio, open_editor, wait_until
from tests.browser.test_editor_running import (
    RUN_MS,
    idle,
    node,
    open_workflow,
    picture,
    picture_loader,
    queue,
    saver,
    small,
)
from tests.browser.test_editor_running_restart import slow
from tests.browser.test_editor_workflows import saved, tabs
from tests.clients.running import RunningServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server of this module's own, that takes uploads of up to 1 MB."""
    server = RunningServer(tmp_path_factory.mktemp("trouble"), "--no-browser", "--max-upload-size", "1")
    try:
        yield server.start()
    finally:
        server.end_all()


@pytest.fixture
def own_studio(server: RunningServer) -> Studio:
    studio = Studio(server)
    studio.wait_ready()
    studio.clean()
    return studio


def save_as(page: Page, name: str) -> None:
    page.keyboard.press("Control+s")
    page.get_by_label("Name", exact=True).fill(name)
    page.keyboard.press("Enter")


def delete(page: Page, node_id: int) -> None:
    node(page, node_id).locator(".node-title").click()
    page.keyboard.press("Delete")
    expect(node(page, node_id)).to_have_count(0)


def test_editing_goes_on_without_a_server_and_is_saved_when_it_is_back(page, own_studio, server):
    open_editor(page, own_studio)
    workflow = small(own_studio)
    open_workflow(page, workflow)
    save_as(page, "kept")
    expect(page.get_by_text("Saved as kept.json.")).to_be_visible()
    queue(page)
    expect(page.locator(".node[data-state=running]").first).to_be_visible(timeout=RUN_MS)
    server.kill()
    expect(page.locator(".connection-line")).to_be_visible()
    delete(page, saver(workflow))
    page.keyboard.press("Control+s")
    expect(page.locator(".notice").filter(has_text="Not saved: The server cannot be reached.")).to_be_visible()
    expect(tabs(page)).to_have_count(2)
    expect(page.get_by_role("tab", name="kept")).to_contain_text("not saved")
    assert len(json.loads(saved(own_studio, "kept").read_text())["nodes"]) == len(workflow["nodes"])
    server.start()
    expect(page.locator(".connection-line")).to_have_count(0, timeout=RUN_MS)
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Saved as kept.json.")).to_have_count(2)
    assert len(json.loads(saved(own_studio, "kept").read_text())["nodes"]) == len(workflow["nodes"]) - 1
    page.keyboard.press("Control+z")
    picture(page, saver(workflow))  # of the job that was cut off: it ran again
    idle(page)


def test_a_queue_that_cannot_write_refuses_with_a_reason_and_takes_the_next(page, own_studio, complaints):
    complaints.expect("status of 507", "status of 503")
    open_editor(page, own_studio)
    workflow = small(own_studio)
    open_workflow(page, workflow)
    database = sqlite3.connect(own_studio.workspace / "user" / "weft.sqlite3", isolation_level=None)
    try:
        database.execute("BEGIN EXCLUSIVE")
        queue(page)
        notice = page.locator(".notice[data-tone=problem]")
        expect(notice).to_contain_text("another program keeps it locked", timeout=RUN_MS)
    finally:
        database.close()
    expect(page.locator(".cancel-run")).to_have_count(0)
    own_studio.post("/api/queue/resume", {})
    queue(page)
    picture(page, saver(workflow))
    idle(page)


def test_a_picture_that_is_too_large_is_refused_with_both_sizes(page, own_studio):
    open_editor(page, own_studio)
    open_workflow(page, picture_loader(own_studio, "none.png"))
    buffer = io.BytesIO()
    Image.frombytes("RGB", (800, 800), os.urandom(3 * 800 * 800)).save(buffer, "PNG")
    content = buffer.getvalue()
    chooser = node(page, 1).locator("input[type=file]")
    chooser.set_input_files({"name": "noise.png", "mimeType": "image/png", "buffer": content})
    expect(page.locator(".notice").filter(has_text="noise.png")).to_contain_text("takes no more than 1 MB")
    expect(node(page, 1)).to_contain_text("none.png")


def kill_worker_at_work(studio: Studio, killed: set[int]) -> None:
    """kill -9 of a worker that has begun with a job, one that was not killed before."""

    def is_at_work() -> bool:
        states = [worker["status"] for worker in studio.get("/api/status")["workers"]]
        return states == ["busy"] and not killed.issuperset(studio.server.worker_pids())

    wait_until(RUN_MS / 1000, is_at_work, lambda: "No worker has begun with the job.")
    for worker in set(studio.server.worker_pids()) - killed:
        os.kill(worker, signal.SIGKILL)
        killed.add(worker)


def test_a_worker_that_dies_twice_ends_its_job_with_the_reason(page, own_studio):
    open_editor(page, own_studio)
    workflow = slow(own_studio)
    open_workflow(page, workflow)
    queue(page)
    killed: set[int] = set()
    kill_worker_at_work(own_studio, killed)
    kill_worker_at_work(own_studio, killed)
    idle(page)
    page.get_by_role("button", name="History").click()
    entry = page.locator(".history-panel .job").first
    expect(entry).to_contain_text("Failed")
    notice = page.locator(".notice[data-tone=problem]")
    expect(notice).to_contain_text("died while it ran this job")
    expect(node(page, saver(workflow))).to_be_visible()
