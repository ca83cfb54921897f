"""Subgraphs in Chromium: what is inside of one, and what it shows to the outside."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_editor_accessibility import faults
from tests.browser.test_editor_canvas import drag, ends, graph, middle, node, socket, title

INPUTS, OUTPUTS = -10, -20  # ids of the ends of a subgraph, as files have them


@pytest.fixture
def outside(editor_page: Page) -> Page:
    """The first workflow, with its base sampler and the size of its picture in a subgraph, seen from outside."""
    expect(editor_page.locator('.canvas[data-nodes="12"]')).to_be_visible()
    title(editor_page, 8).click()
    title(editor_page, 7).click(modifiers=["Shift"])
    editor_page.keyboard.press("Control+Shift+e")
    expect(editor_page.locator('.canvas[data-nodes="11"]')).to_be_visible()
    return editor_page


@pytest.fixture
def inside(outside: Page) -> Page:
    """The same, entered."""
    enter(outside)
    return outside


def instance(page: Page) -> Locator:
    return page.locator(".node[data-subgraph]")


def enter(page: Page) -> None:
    instance(page).locator(".node-name").click()
    page.keyboard.press("Enter")
    expect(page.locator(".boundary-node")).to_have_count(2)
    expect(page.locator(".socket-dot").first).to_be_visible()


def leave(page: Page) -> None:
    page.get_by_role("navigation", name="Shown subgraph").get_by_role("button", name="Workflow").click()
    expect(instance(page)).to_be_visible()


def slots(page: Page, end: int) -> list[str]:
    """The names of the inputs or outputs, as they stand at an end."""
    return node(page, end).locator(".socket:not([data-further]) .socket-name").all_inner_texts()


def sockets(page: Page, side: str) -> list[str]:
    """The names beside the sockets of the subgraph's node."""
    return instance(page).locator(f'[data-socket="{side}"] .socket-name').all_inner_texts()


def values(page: Page) -> dict[str, Any]:
    """What the subgraph's node holds for the widgets that it shows."""
    (shown,) = (one for one in graph(page)["nodes"].values() if len(one["type"]) == 36)
    names = [one["widget"]["name"] for one in shown["inputs"] if "widget" in one]
    return dict(zip(names, shown.get("widgets_values") or [], strict=True))


def test_slots_are_named_ordered_and_removed_by_keyboard_and_pointer(inside):
    assert slots(inside, INPUTS)[:3] == ["model", "positive", "negative"]
    node(inside, INPUTS).locator(".node-name").click()
    inside.keyboard.press("Enter")
    expect(inside.get_by_role("button", name="model, MODEL")).to_be_focused()
    inside.keyboard.press("Control+ArrowDown")
    expect(inside.get_by_role("button", name="model, MODEL")).to_be_focused()
    inside.keyboard.press("ArrowUp")
    inside.keyboard.press("F2")
    inside.keyboard.type("wanted")
    inside.keyboard.press("Enter")
    expect(inside.get_by_role("button", name="wanted, CONDITIONING")).to_be_focused()
    assert slots(inside, INPUTS)[:3] == ["wanted", "model", "negative"]
    inside.get_by_role("button", name="negative, CONDITIONING").click(button="right")
    inside.get_by_role("menuitem", name="Remove the slot").click()
    assert slots(inside, INPUTS)[:3] == ["wanted", "model", "noise_seed"]
    inside.get_by_role("button", name="LATENT, LATENT").locator(".socket-name").dblclick()
    inside.keyboard.type("picture")
    inside.keyboard.press("Enter")
    leave(inside)
    assert sockets(inside, "in")[:2] == ["wanted", "model"]
    assert sockets(inside, "out") == ["picture"]
    links = {(begin, target) for begin, _, target, _ in ends(inside)}
    made = next(target for begin, target in links if begin == 1 and target > 12)
    assert {(3, made), (1, made), (made, 9)} <= links
    assert (4, made) not in links
    for _ in range(4):
        inside.keyboard.press("Control+z")
    assert sockets(inside, "in") == ["model", "positive", "negative"]


def test_a_link_dropped_on_the_plus_makes_a_slot_that_the_outside_can_use(inside):
    further = node(inside, INPUTS).locator("[data-further]")
    drag(inside, middle(socket(inside, 8, "in", 3)), (700, 800))  # the latent's own link off
    drag(inside, middle(further), middle(socket(inside, 8, "in", 3)))
    drag(inside, middle(socket(inside, 7, "out", 0)), middle(node(inside, OUTPUTS).locator("[data-further]")))
    assert slots(inside, INPUTS)[-1] == "latent_image"
    assert len(slots(inside, OUTPUTS)) == 2
    leave(inside)
    assert "latent_image" in sockets(inside, "in")
    made = next(begin for begin, _, target, _ in ends(inside) if target == 9 and begin > 12)
    place = next(at for at, one in enumerate(graph(inside)["nodes"][made]["inputs"]) if one["name"] == "latent_image")
    drag(inside, middle(socket(inside, made, "out", 1)), (1300, 560))
    inside.keyboard.press("Escape")
    drag(inside, middle(socket(inside, made, "in", place)), middle(socket(inside, 9, "out", 0)))
    assert (9, 0, made, place) in ends(inside)


def test_widgets_are_shown_outside_and_hidden_again(inside):
    title(inside, 8).click(button="right")
    inside.get_by_role("menuitem", name="Show widgets on the subgraph’s node").click()
    listed = inside.get_by_role("dialog", name="Shown on the subgraph’s node")
    expect(listed.get_by_role("checkbox", name="noise_seed")).to_be_checked()
    listed.get_by_role("checkbox", name="steps").check()
    listed.get_by_role("checkbox", name="noise_seed").uncheck()
    inside.keyboard.press("Escape")
    node(inside, 8).locator('[data-widget="cfg"]').click(button="right")
    inside.get_by_role("menuitem", name="Show on the subgraph’s node").click()
    leave(inside)
    assert values(inside) == {"steps": 25, "cfg": 5}
    for _ in range(3):
        inside.keyboard.press("Control+z")
    assert list(values(inside)) == ["noise_seed"]


def test_what_is_inside_is_edited_and_unpacked_with_the_values_outside(outside):
    instance(outside).get_by_role("spinbutton", name="noise_seed").press("ArrowUp")
    enter(outside)
    node(outside, 7).get_by_role("spinbutton", name="width").press("ArrowUp")
    leave(outside)
    instance(outside).locator(".node-name").click(button="right")
    outside.get_by_role("menuitem", name="Unpack the subgraph").click()
    expect(outside.locator('.canvas[data-nodes="12"]')).to_be_visible()
    made = {one["type"]: one for one in graph(outside)["nodes"].values() if one["id"] > 12}
    assert made["EmptyLatentImage"]["widgets_values"][0] == 136
    assert made["KSamplerAdvanced"]["widgets_values"][1] == 8
    outside.keyboard.press("Control+z")
    expect(instance(outside)).to_be_visible()


def test_a_link_inside_is_inspected_where_its_value_comes_from(inside):
    node(inside, INPUTS).locator(".node-name").click()
    inside.keyboard.press("Alt+l")
    inside.get_by_role("combobox", name="Choose a link").fill("model")
    inside.keyboard.press("Enter")
    inside.get_by_role("menuitem", name="Inspect what flowed").press("Enter")
    expect(inside.get_by_role("complementary", name="Wire").get_by_role("heading")).to_contain_text("Base checkpoint")
    leave(inside)
    instance(inside).locator(".node-name").click()
    inside.locator(".canvas").press("i")
    expect(inside.get_by_role("complementary", name="Wire").get_by_role("heading")).to_contain_text("Base → LATENT")


def test_a_subgraph_is_renamed_where_its_way_is_shown(inside):
    way = inside.get_by_role("navigation", name="Shown subgraph")
    way.get_by_role("button", name="Subgraph").dblclick()
    inside.keyboard.type("Drawing")
    inside.keyboard.press("Enter")
    expect(way.get_by_role("button", name="Drawing")).to_be_visible()
    leave(inside)
    expect(instance(inside).locator(".node-name")).to_have_text("Drawing")
    inside.keyboard.press("Control+z")
    expect(instance(inside).locator(".node-name")).to_have_text("Subgraph")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_inside_and_its_lists_are_for_everybody(inside, theme):
    inside.emulate_media(color_scheme=theme)
    node(inside, INPUTS).locator(".node-name").click()
    inside.keyboard.press("Alt+l")
    expect(inside.get_by_role("combobox", name="Choose a link")).to_be_focused()
    assert faults(inside) == []
    inside.keyboard.press("Escape")
    title(inside, 8).click(button="right")
    inside.get_by_role("menuitem", name="Show widgets on the subgraph’s node").click()
    assert faults(inside) == []
    inside.keyboard.press("Escape")
    inside.get_by_role("button", name="positive, CONDITIONING").dblclick()
    expect(inside.get_by_role("textbox", name="Rename the slot")).to_be_focused()
    assert faults(inside) == []
