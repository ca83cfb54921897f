"""The stock browser client (`comfyui-frontend-package`), unmodified, in Chromium, on Weft."""

import io
import json
import os
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from tests.clients.prompts import check_drawn
from tests.clients.running import running_server

WORKFLOW = Path(__file__).parent / "text_to_image.json"
NODES = len(json.loads(WORKFLOW.read_text())["nodes"])
SHOWN = "() => app.graph.nodes.find((node) => node.type === 'SaveImage')?.imgs?.[0]?.naturalWidth"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running_server(tmp_path_factory.mktemp("workspace"), "--front-end", "comfyui") as server:
        yield server


@pytest.fixture
def errors(page):
    """What the page complains of: errors in the console, exceptions that nobody caught, answers of 400 and more."""
    seen = []
    page.on("console", lambda message: seen.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.on("response", lambda answer: seen.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
    return seen


@pytest.fixture
def booted(page, server, errors):
    """The page once it can be used; what it asks of other hosts (news of releases) is answered with nothing."""
    page.route(lambda url: not url.startswith(server.url), lambda route: route.fulfill(json=[]))
    new_user = "Comfy.TutorialCompleted" not in server.get("/settings")
    page.goto(server.url)
    page.get_by_test_id("queue-button").wait_for()
    page.wait_for_function("() => window.app?.graph && window.app.extensionManager")
    if new_user:  # who is shown the templates first
        page.get_by_text("No templates found").wait_for()
        page.get_by_role("dialog").get_by_label("Close").first.click()
        page.get_by_test_id("dialog-overlay").wait_for(state="detached")
    return page


def keep_picture(page, name):
    """Save a screenshot where WEFT_SCREENSHOTS says."""
    if folder := os.environ.get("WEFT_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder, name))


def test_it_boots_without_errors_opens_a_workflow_queues_it_and_shows_the_picture(booted, server, errors):
    page = booted
    assert errors == []
    page.locator("#comfy-file-input").set_input_files(WORKFLOW)
    page.wait_for_function(f"() => app.graph.nodes.length === {NODES}")
    page.get_by_test_id("queue-button").click()
    page.get_by_text("Job completed").wait_for()
    page.locator("#graph-canvas").click(position={"x": 700, "y": 700})
    page.keyboard.press(".")  # fits the view to the graph: a picture is loaded when its node is drawn
    page.wait_for_function(SHOWN)
    assert page.evaluate(SHOWN) == 128
    page.wait_for_timeout(500)  # for the view's motion to end, for the screenshot alone
    keep_picture(page, "stock_front_end.png")
    assert red_pixels(page.screenshot()) > 1000, "the red circle is not to be seen on the page"
    (entry,) = server.get("/history").values()
    (image,) = entry["outputs"]["9"]["images"]
    status, data = server.request("GET", f"/api/view?filename={image['filename']}&type=output&subfolder=")
    assert status == 200
    check_drawn(data)
    assert errors == []


def red_pixels(screenshot: bytes) -> int:
    with Image.open(io.BytesIO(screenshot)) as picture:
        red, green, blue = picture.convert("RGB").split()
    is_red = red.point(lambda value: 255 * (value > 180), "1")
    is_dark = ImageChops.lighter(green, blue).point(lambda value: 255 * (value < 70), "1")
    return ImageChops.logical_and(is_red, is_dark).histogram()[255]


def test_it_shows_which_input_failed_validation(booted, server):
    page = booted
    page.locator("#comfy-file-input").set_input_files(WORKFLOW)
    page.wait_for_function(f"() => app.graph.nodes.length === {NODES}")
    page.evaluate("() => app.graph.nodes.find((node) => node.type === 'VAEDecode').disconnectInput(0)")
    with page.expect_response(lambda answer: answer.url.endswith("/api/prompt")) as told:
        page.get_by_test_id("queue-button").click()
    assert told.value.status == 400
    page.get_by_text("Required input").first.wait_for()
    keep_picture(page, "stock_front_end_error.png")
