"""The editor on a telephone's screen: fingers, panels that cover the canvas, a menu under the finger."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.browser.conftest import ACTION_SECONDS
from tests.browser.test_editor_canvas import VIEW, graph


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a telephone."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    context.set_default_timeout(1000 * ACTION_SECONDS)
    yield context.new_page()
    context.close()


@pytest.fixture
def narrow(editor_page: Page) -> Page:
    expect(editor_page.locator('.canvas[data-nodes="12"]')).to_be_visible()
    return editor_page


@pytest.fixture
def fingers(narrow: Page) -> CDPSession:
    return narrow.context.new_cdp_session(narrow)


def touch(fingers: CDPSession, kind: str, *places: tuple[float, float]) -> None:
    points = [{"x": x, "y": y, "id": place} for place, (x, y) in enumerate(places)]
    fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def on_node(page: Page, key: int) -> tuple[float, float]:
    """A place on a node, also from afar, where nodes are not in the page but painted."""
    at = graph(page)["nodes"][key]["pos"]
    canvas = page.locator(".canvas")
    expect(canvas).to_have_attribute("data-view", VIEW)
    x, y, zoom = (float(part) for part in (canvas.get_attribute("data-view") or "").split())
    corner = canvas.bounding_box()
    assert corner is not None
    return corner["x"] + x + (at[0] + 60) * zoom, corner["y"] + y + (at[1] + 40) * zoom


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
    x, y = on_node(narrow, 9)
    touch(fingers, "touchStart", (x, 700))
    touch(fingers, "touchStart", (x, 700), (x, y))
    for step in range(1, 6):
        touch(fingers, "touchMove", (x, 700 + 5 * step), (x, y - 30 * step))
    touch(fingers, "touchEnd")
    expect(percent).not_to_have_text(shown)
    assert {key: one["pos"] for key, one in graph(narrow)["nodes"].items()} == before


def test_the_menu_that_a_resting_finger_opens_stays_when_it_is_lifted(narrow, fingers):
    before = graph(narrow)["nodes"]
    narrow.keyboard.press("Escape")
    touch(fingers, "touchStart", on_node(narrow, 8))
    expect(narrow.get_by_role("menu").last).to_be_visible()
    touch(fingers, "touchEnd")
    expect(narrow.get_by_role("menuitem", name="Bypass")).to_be_visible()
    narrow.keyboard.press("Escape")
    assert graph(narrow)["nodes"] == before
