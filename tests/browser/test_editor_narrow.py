"""The editor on a telephone's screen: fingers, panels that cover the canvas, a menu under the finger."""

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.browser.test_editor_canvas import graph, middle, node


@pytest.fixture
def narrow(editor_page: Page) -> Page:
    editor_page.set_viewport_size({"width": 390, "height": 844})
    expect(editor_page.locator('.canvas[data-nodes="12"]')).to_be_visible()
    editor_page.get_by_title("Show everything").click()
    return editor_page


@pytest.fixture
def fingers(narrow: Page) -> CDPSession:
    return narrow.context.new_cdp_session(narrow)


def touch(fingers: CDPSession, kind: str, *places: tuple[float, float]) -> None:
    points = [{"x": x, "y": y, "id": place} for place, (x, y) in enumerate(places)]
    fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_a_panel_that_covers_the_canvas_makes_way_for_the_chosen_template(narrow):
    expect(narrow.locator(".minimap")).to_be_hidden()
    narrow.get_by_role("button", name="Templates").click()
    template = narrow.locator(".template").filter(has_text="Text to image")
    template.click()
    expect(narrow.get_by_role("tab", name="Text to image")).to_be_in_viewport()
    expect(narrow.locator(".side-panel")).to_have_count(0)


def test_two_fingers_zoom_from_afar_also_when_the_first_is_beside_the_nodes(narrow, fingers):
    canvas = narrow.locator(".canvas")
    expect(canvas).to_have_attribute("data-near", "false")
    before = {key: one["pos"] for key, one in graph(narrow)["nodes"].items()}
    narrow.keyboard.press("Escape")
    percent = narrow.locator(".zoom-percent")
    shown = percent.inner_text()
    x, y = middle(node(narrow, 9))
    touch(fingers, "touchStart", (x, 700))
    touch(fingers, "touchStart", (x, 700), (x, y))
    for step in range(1, 6):
        touch(fingers, "touchMove", (x, 700 + 5 * step), (x, y - 30 * step))
    touch(fingers, "touchEnd")
    expect(percent).not_to_have_text(shown)
    assert {key: one["pos"] for key, one in graph(narrow)["nodes"].items()} == before


def test_the_menu_that_a_resting_finger_opens_stays_when_it_is_lifted(narrow, fingers):
    narrow.get_by_title("Zoom to 100 %").click()
    expect(narrow.locator(".canvas")).to_have_attribute("data-near", "true")
    shown = narrow.locator(".react-flow__node .node-name").first
    before = graph(narrow)["nodes"]
    narrow.keyboard.press("Escape")
    touch(fingers, "touchStart", middle(shown))
    expect(narrow.get_by_role("menu").last).to_be_visible()
    touch(fingers, "touchEnd")
    expect(narrow.get_by_role("menuitem", name="Bypass")).to_be_visible()
    narrow.keyboard.press("Escape")
    assert graph(narrow)["nodes"] == before
