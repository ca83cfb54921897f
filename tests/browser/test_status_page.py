"""The status page in Chromium: what runs can be cancelled there, and packs that did not load are told."""

import pytest

from tests.clients.running import running_server

WAITING = """
import time
from comfy.model_management import throw_exception_if_processing_interrupted

class WaitForever:
    RETURN_TYPES = ()
    FUNCTION = "wait"
    OUTPUT_NODE = True

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    def wait(self):
        while True:
            throw_exception_if_processing_interrupted()
            time.sleep(0.02)

NODE_CLASS_MAPPINGS = {"WaitForever": WaitForever}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    workspace = tmp_path_factory.mktemp("workspace")
    packs = workspace / "custom_nodes"
    packs.mkdir()
    (packs / "patient.py").write_text(WAITING)
    (packs / "broken.py").write_text("import no_such_module_anywhere")
    with running_server(workspace) as server:
        yield server


def test_a_running_job_is_cancelled_by_its_button(page, server):
    page.goto(f"{server.url}/status")
    page.get_by_text("Nothing runs and nothing waits.").wait_for()
    server.post("/prompt", {"prompt": {"1": {"class_type": "WaitForever", "inputs": {}}}})
    page.locator("#running").get_by_role("button", name="Cancel WaitForever").click()
    ended = page.locator("#ended li")
    ended.wait_for()
    assert ended.locator(".outcome").inner_text() == "Cancelled"
    page.get_by_text("Nothing runs and nothing waits.").wait_for()


def test_a_pack_that_did_not_load_is_told_with_its_reason(page, server):
    page.goto(f"{server.url}/status")
    broken = page.locator("#packs li", has_text="broken")
    broken.wait_for()
    assert broken.locator(".outcome").inner_text() == "Left out"
    assert "no_such_module_anywhere" in broken.locator(".why").inner_text()
    sound = page.locator("#packs li", has_text="patient")
    assert sound.locator(".outcome").inner_text() == "Loaded"
    assert sound.locator(".detail").inner_text() == "1 node"
