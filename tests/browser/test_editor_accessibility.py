"""The editor's main views, judged by axe-core: names, roles, contrast, focus order (WCAG 2.2 A and AA)."""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

AXE = Path(__file__).resolve().parents[2] / "web" / "editor" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def faults(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it is, each with the element and how to mend it."""
    if not AXE.is_file():
        message = "axe-core is not installed: run `npm ci` in web/editor, or `python -m tests`, which does"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    page.evaluate(AXE.read_text())
    # The canvas zooms: how large a target on it is, is the person's to choose.
    options = {"runOnly": {"type": "tag", "values": RULES}, "rules": {"target-size": {"enabled": False}}}
    result: dict[str, Any] = page.evaluate("options => axe.run(options)", options)
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]


@pytest.fixture(params=["dark", "light"])
def themed(editor_page: Page, request: pytest.FixtureRequest) -> Page:
    """The editor in each theme."""
    editor_page.emulate_media(color_scheme=request.param)
    expect(editor_page.locator("html")).to_have_attribute("data-theme", request.param)
    return editor_page


def test_the_canvas_with_its_nodes(themed):
    assert faults(themed) == []


@pytest.mark.parametrize("panel", ["Workflows", "Templates", "Queue", "History", "Gallery"])
def test_the_panels(themed, panel):
    themed.get_by_role("navigation", name="Panels").get_by_role("button", name=panel, exact=True).click()
    expect(themed.get_by_role("complementary", name=panel)).to_be_visible()
    assert faults(themed) == []


@pytest.mark.parametrize("keys", ["Control+k", "Control+,", "Control+Shift+s", "Alt+v"])
def test_the_dialogs(themed, keys):
    themed.keyboard.press(keys)
    expect(themed.get_by_role("dialog")).to_be_visible()
    assert faults(themed) == []


def test_every_control_of_the_frame_is_reached_by_the_tab_key_and_shows_it(editor_page):
    page = editor_page
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
            )
        )
        outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", reached[-1]
    assert {"Menu", "New workflow", "Workflows", "Templates"} <= set(reached)


def test_german_is_chosen_in_the_settings_and_stays(editor_page):
    page = editor_page
    page.keyboard.press("Control+,")
    page.get_by_label("Language").select_option(label="Deutsch")
    expect(page.get_by_role("dialog").get_by_role("heading", name="Einstellungen")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.reload()
    expect(page.get_by_role("button", name="Vorlagen", exact=True)).to_be_visible()


def test_motion_is_reduced_where_the_system_asks_for_it(editor_page):
    page = editor_page
    page.emulate_media(reduced_motion="reduce")
    longest = page.evaluate(
        """() => Math.max(...[...document.querySelectorAll("*")].map((element) => {
            const style = getComputedStyle(element);
            const seconds = (text) => Math.max(...text.split(",").map(parseFloat));
            return Math.max(seconds(style.transitionDuration), seconds(style.animationDuration));
        }))"""
    )
    assert longest < 0.001
