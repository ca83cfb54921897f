"""The canvas in Chromium: what people do with nodes, links, groups and subgraphs by pointer, keyboard and fingers."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.benchmarks.editor_graphs import tiled_workflow
from tests.browser.test_editor_widgets import drop_file

VIEW = re.compile(r"^\S+ \S+ \S+$")  # of `data-view`: x, y, zoom
NODES = 12  # of the workflow that the editor begins with


@pytest.fixture
def editor(editor_page: Page) -> Page:
    """The editor with its first workflow drawn, and the focus on the canvas."""
    expect(editor_page.locator('.canvas[data-nodes="12"]')).to_be_visible()
    expect(editor_page.locator(".socket-dot").first).to_be_visible()
    editor_page.locator(".canvas").focus()
    return editor_page


def node(page: Page, key: int | str) -> Locator:
    return page.locator(f'.react-flow__node[data-id="{key}"]')


def title(page: Page, key: int | str) -> Locator:
    return node(page, key).locator(".node-name")


def socket(page: Page, key: int | str, side: str, slot: int) -> Locator:
    return node(page, key).locator(f'[data-socket="{side}"][data-slot="{slot}"]')


def middle(locator: Locator) -> tuple[float, float]:
    box = locator.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: Page, begin: tuple[float, float], end: tuple[float, float], button: Any = "left") -> None:
    page.mouse.move(*begin)
    page.mouse.down(button=button)
    page.mouse.move((begin[0] + end[0]) / 2, (begin[1] + end[1]) / 2, steps=3)
    page.mouse.move(*end, steps=3)
    page.mouse.up(button=button)


def graph(page: Page) -> dict[str, Any]:
    """All of the shown graph, as copying everything gives it."""
    page.locator(".canvas").focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+c")
    copied = json.loads(page.evaluate("localStorage.getItem('weft.clipboard')"))
    return {**copied, "nodes": {one["id"]: one for one in copied["nodes"]}}


def ends(page: Page) -> set[tuple[int, int, int, int]]:
    """The links: from which output to which input."""
    links = graph(page)["links"]
    return {(one["origin_id"], one["origin_slot"], one["target_id"], one["target_slot"]) for one in links}


def drop_workflow(page: Page, workflow: dict[str, Any]) -> None:
    drop_file(page.locator(".canvas-area"), "workflow.json", json.dumps(workflow).encode(), "application/json")
    expect(page.locator(f'.canvas[data-nodes="{len(workflow["nodes"])}"]')).to_be_visible()


def test_a_dragged_node_is_moved_in_the_document_once_and_undo_puts_it_back(editor):
    before = graph(editor)["nodes"][1]["pos"]
    x, y = middle(title(editor, 1))
    drag(editor, (x, y), (x - 74, y + 148))
    after = graph(editor)["nodes"][1]["pos"]
    assert after[0] < before[0] - 50
    assert after[1] > before[1] + 100
    editor.keyboard.press("Control+z")
    assert graph(editor)["nodes"][1]["pos"] == before


def test_escape_gives_a_drag_up(editor):
    at = node(editor, 1).bounding_box()
    x, y = middle(title(editor, 1))
    editor.mouse.move(x, y)
    editor.mouse.down()
    editor.mouse.move(x + 90, y + 90, steps=3)
    assert node(editor, 1).bounding_box() != at
    editor.keyboard.press("Escape")
    editor.mouse.up()
    assert node(editor, 1).bounding_box() == at


def test_a_wire_dropped_on_nothing_finds_fitting_types_and_links_the_chosen_one(editor):
    drag(editor, middle(socket(editor, 1, "out", 2)), (1250, 500))
    search = editor.get_by_role("combobox", name="Nodes that take VAE")
    expect(search).to_be_focused()
    expect(editor.get_by_role("option", name="KSampler")).to_have_count(0)
    search.fill("decode")
    editor.keyboard.press("Enter")
    expect(editor.locator('.canvas[data-nodes="13"]')).to_be_visible()
    made = max(graph(editor)["nodes"])
    assert (1, 2, made, 1) in ends(editor)


def test_a_link_is_moved_to_another_input_and_dropped_on_nothing(editor):
    assert (1, 1, 3, 0) in ends(editor)
    drag(editor, middle(socket(editor, 3, "in", 0)), (1250, 560))
    assert (1, 1, 3, 0) not in ends(editor)
    expect(editor.locator(".node-search")).to_have_count(0)
    drag(editor, middle(socket(editor, 1, "out", 1)), middle(title(editor, 3)))  # a body: its first fitting input
    assert (1, 1, 3, 0) in ends(editor)


def test_sockets_that_do_not_fit_step_back_while_a_wire_is_pulled(editor):
    editor.mouse.move(*middle(socket(editor, 1, "out", 1)))
    editor.mouse.down()
    editor.mouse.move(900, 640, steps=4)
    expect(socket(editor, 4, "in", 0)).to_have_attribute("data-fits", "")
    expect(socket(editor, 7, "out", 0)).not_to_have_attribute("data-fits", "")
    editor.keyboard.press("Escape")
    editor.mouse.up()
    expect(editor.locator("[data-fits]")).to_have_count(0)


def test_double_click_searches_and_enter_adds(editor):
    editor.mouse.dblclick(1280, 620)
    editor.get_by_role("combobox", name="Add a node").fill("vdec")
    expect(editor.get_by_role("option").first).to_contain_text("VAE Decode")
    editor.keyboard.press("Enter")
    expect(editor.locator('.canvas[data-nodes="13"]')).to_be_visible()


def test_the_keyboard_walks_renames_moves_and_links(editor):
    editor.keyboard.press("Tab")
    first = editor.locator(":focus")
    expect(first).to_have_attribute("data-node", "1")
    assert first.get_attribute("aria-label").startswith("Base checkpoint, ")
    editor.keyboard.press("F2")
    editor.keyboard.type("Mine")
    editor.keyboard.press("Enter")
    expect(title(editor, 1)).to_have_text("Mine")
    before = graph(editor)["nodes"][1]["pos"]
    title(editor, 1).click()
    editor.keyboard.press("Shift+ArrowRight")
    editor.keyboard.press("ArrowDown")
    assert graph(editor)["nodes"][1]["pos"] == [before[0] + 100, before[1] + 10]
    title(editor, 1).click()
    editor.keyboard.press("c")
    editor.keyboard.type("vae")
    editor.keyboard.press("Enter")
    editor.get_by_role("combobox", name="Link VAE to …").press("Enter")
    assert any(link[:2] == (1, 2) for link in ends(editor))


def test_modes_flags_and_colours_are_seen_and_kept(editor):
    title(editor, 3).click()
    editor.keyboard.press("Control+b")
    expect(node(editor, 3).locator(".node")).to_have_attribute("data-mode", "bypassed")
    title(editor, 4).click()
    editor.keyboard.press("Control+m")
    editor.keyboard.press("Alt+c")
    expect(node(editor, 4).locator(".node")).to_have_attribute("data-mode", "muted")
    expect(node(editor, 4).locator(".node-widgets")).to_have_count(0)
    title(editor, 4).click(button="right")
    editor.get_by_role("menuitem", name="Blue", exact=True).click()
    nodes = graph(editor)["nodes"]
    assert nodes[3]["mode"] == 4
    assert (nodes[4]["mode"], nodes[4]["flags"]["collapsed"]) == (2, True)
    assert nodes[4]["bgcolor"] == "#2d3d63"


def test_copies_go_to_another_tab_with_their_links(editor):
    title(editor, 1).click()
    title(editor, 3).click(modifiers=["Shift"])
    editor.keyboard.press("Control+c")
    editor.get_by_role("button", name="New workflow").click()
    expect(editor.locator('.canvas[data-nodes="0"]')).to_be_visible()
    editor.locator(".canvas").focus()
    editor.keyboard.press("Control+v")
    expect(editor.locator('.canvas[data-nodes="2"]')).to_be_visible()
    assert len(ends(editor)) == 1


def test_alt_drag_leaves_the_original_and_is_one_step_of_undo(editor):
    x, y = middle(title(editor, 1))
    before = graph(editor)["nodes"][1]["pos"]
    editor.mouse.click(1290, 560)  # nothing is selected any more
    editor.keyboard.down("Alt")
    drag(editor, (x, y), (x + 30, y + 300))
    editor.keyboard.up("Alt")
    nodes = graph(editor)["nodes"]
    assert nodes[1]["pos"] == before
    assert len(nodes) == NODES + 1
    editor.keyboard.press("Control+z")
    assert len(graph(editor)["nodes"]) == NODES


def test_a_group_moves_with_what_it_holds_and_hides_it_when_folded(editor):
    group = editor.locator('[data-group="1"]')
    before = graph(editor)["nodes"]
    x, y = middle(group.locator(".group-title"))
    editor.keyboard.press("Escape")
    editor.mouse.click(1290, 560)
    drag(editor, (x, y), (x + 50, y - 20))
    after = graph(editor)["nodes"]
    moved = {key for key in before if before[key]["pos"] != after[key]["pos"]}
    assert 0 < len(moved) < NODES
    assert len({(after[key]["pos"][0] - before[key]["pos"][0]) for key in moved}) == 1
    group.locator(".group-title").click(button="right")
    editor.get_by_role("menuitem", name="Fold or unfold the group").click()
    for key in moved:
        expect(node(editor, key)).to_have_count(0)


def test_shift_drag_on_the_canvas_selects_what_it_touches(editor):
    editor.keyboard.down("Shift")
    drag(editor, (1085, 90), (1400, 500))
    editor.keyboard.up("Shift")
    expect(editor.locator(".node[data-selected]")).to_have_count(2)


def test_a_link_is_clicked_and_bent(editor):
    x, y = middle(socket(editor, 1, "out", 1))
    x2, y2 = middle(socket(editor, 3, "in", 0))
    editor.mouse.click((x + x2) / 2, (y + y2) / 2)
    expect(editor.get_by_role("menuitem", name="Inspect what flowed")).to_be_visible()
    editor.get_by_role("menuitem", name="Add a reroute point").click()
    expect(editor.locator("[data-bend]")).to_have_count(1)
    assert len(graph(editor)["reroutes"]) == 1


def test_a_subgraph_is_made_entered_left_and_unpacked(editor):
    before = ends(editor)
    title(editor, 3).click()
    title(editor, 4).click(modifiers=["Shift"])
    editor.keyboard.press("Control+Shift+e")
    expect(editor.locator('.canvas[data-nodes="11"]')).to_be_visible()
    editor.locator(".node[data-subgraph]").dblclick(position={"x": 120, "y": 40})
    expect(editor.get_by_role("navigation", name="Shown subgraph")).to_be_visible()
    expect(editor.locator(".boundary-node")).to_have_count(2)
    editor.locator(".canvas").focus()
    editor.keyboard.press("Alt+ArrowUp")
    editor.locator(".node[data-subgraph] .node-name").click(button="right")
    editor.get_by_role("menuitem", name="Unpack the subgraph").click()
    expect(editor.locator('.canvas[data-nodes="12"]')).to_be_visible()
    assert len(ends(editor)) == len(before)


def test_a_thousand_nodes_are_moved_from_afar_and_drawn_when_near(editor):
    workflow = tiled_workflow(1000)
    canvas = editor.locator(".canvas")
    expect(canvas).to_have_attribute("data-view", VIEW)
    before = canvas.get_attribute("data-view") or ""
    drop_workflow(editor, workflow)
    expect(canvas).to_have_attribute("data-near", "false")
    expect(canvas).not_to_have_attribute("data-view", before)  # it is told once the view rests
    x, y, zoom = (float(part) for part in (canvas.get_attribute("data-view") or "").split())
    corner = canvas.bounding_box()
    first = workflow["nodes"][0]
    at = (corner["x"] + x + (first["pos"][0] + 100) * zoom, corner["y"] + y + (first["pos"][1] + 20) * zoom)
    drag(editor, at, (at[0] + 40, at[1] + 30))
    moved = graph(editor)["nodes"][first["id"]]["pos"]
    assert moved[0] == pytest.approx(first["pos"][0] + 40 / zoom, abs=2 / zoom)
    editor.get_by_title("Zoom to 100 %").click()
    expect(canvas).to_have_attribute("data-near", "true")
    expect(editor.locator(".socket-dot").first).to_be_visible()
    assert editor.locator(".react-flow__node").count() < 100


def test_two_fingers_on_nodes_zoom(editor):
    percent = editor.locator(".zoom-percent")
    before = percent.inner_text()
    session = editor.context.new_cdp_session(editor)
    x, y = middle(node(editor, 3))

    def touch(kind: str, spread: float) -> None:
        points = [] if kind == "touchEnd" else [{"x": x - spread, "y": y, "id": 0}, {"x": x + spread, "y": y, "id": 1}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 30)
    for spread in (35, 42, 50, 60):
        touch("touchMove", spread)
    touch("touchEnd", 60)
    expect(percent).not_to_have_text(before)
