"""A server that shows pictures of work in progress, and that goes away while the editor is open."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.studio import Studio, open_editor
from tests.browser.test_editor_running import RUN_MS, idle, node, open_workflow, picture, queue, saver, small
from tests.clients.running import RunningServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server of this module's own: it is killed."""
    server = RunningServer(tmp_path_factory.mktemp("restarted"), "--no-browser", "--preview-method", "auto")
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


def slow(studio: Studio) -> dict[str, Any]:
    """A workflow that samples long enough to be watched."""
    workflow = small(studio)
    for one in workflow["nodes"]:
        if one["type"] == "KSamplerAdvanced" and one["widgets_values"][7] == 0:
            one["widgets_values"][3] = one["widgets_values"][8] = 100
    return workflow


def test_sampling_is_shown_in_the_node_and_gives_way_to_the_picture(page, own_studio):
    open_editor(page, own_studio)
    workflow = slow(own_studio)
    open_workflow(page, workflow)
    queue(page)
    expect(page.locator('.node[data-type="KSamplerAdvanced"] .node-latest').first).to_be_visible(timeout=RUN_MS)
    assert picture(page, saver(workflow)).is_visible()
    idle(page)
    assert page.locator(".node-latest").count() == 0


def test_a_server_that_is_killed_costs_nothing_and_the_truth_comes_back(page, own_studio, server):
    open_editor(page, own_studio)
    workflow = slow(own_studio)
    open_workflow(page, workflow)
    queue(page)
    expect(page.locator(".node[data-state=running]").first).to_be_visible(timeout=RUN_MS)
    server.kill()
    expect(page.locator(".connection-line")).to_be_visible()
    button = page.locator(".queue-button")
    expect(button).to_be_disabled()
    assert "cannot be reached" in (button.get_attribute("title") or "")
    title = node(page, saver(workflow)).locator(".node-title")
    title.click()
    page.keyboard.press("Delete")
    page.keyboard.press("Control+z")  # editing goes on
    server.start()
    expect(page.locator(".connection-line")).to_have_count(0, timeout=RUN_MS)
    expect(button).to_be_enabled()
    assert picture(page, saver(workflow)).is_visible()  # the job was not lost: it ran again
    idle(page)
    assert own_studio.get("/api/jobs?status=completed")["pagination"]["total"] == 1


def test_what_ended_while_nobody_listened_is_shown_as_ended(page, own_studio, server):
    open_editor(page, own_studio)
    workflow = small(own_studio)
    open_workflow(page, workflow)
    own_studio.post("/api/queue/pause", {"reason": "A test."})
    queue(page)
    expect(page.locator(".queue-chip").filter(has_text="1 in the queue")).to_be_visible()
    server.kill()
    expect(page.locator(".connection-line")).to_be_visible()
    page.context.set_offline(True)
    server.start()
    own_studio.wait_ready()
    own_studio.post("/api/queue/resume", {})
    own_studio.wait_idle()
    page.context.set_offline(False)
    assert picture(page, saver(workflow)).is_visible()
    idle(page)
