"""The gallery: what was made, to search, enlarge, compare, open again and delete."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_editor_running import RUN_MS, node, open_workflow, picture_loader, small


@pytest.fixture
def gallery_page(editor_page: Page, studio: Any) -> Page:
    """An editor on a server with two pictures: a red circle, and a green square."""
    for prompt in ("a red circle", "a green square"):
        workflow = small(studio)
        for one in workflow["nodes"]:
            if one["type"] == "CLIPTextEncode" and one["widgets_values"][0]:
                one["widgets_values"] = [prompt]
        studio.queue(workflow)
    studio.wait_idle()
    return editor_page


def cells(page: Page, inside: str):
    return page.locator(f"{inside} .picture-cell")


def test_pictures_are_found_by_prompt_model_and_sampler_and_open_as_workflows(gallery_page):
    page = gallery_page
    page.keyboard.press("Shift+G")
    dialog = page.get_by_role("dialog")
    found = cells(page, ".gallery-dialog")
    expect(found).to_have_count(2, timeout=RUN_MS)
    dialog.get_by_label("Prompt", exact=True).fill("circle")
    expect(found).to_have_count(1)
    dialog.get_by_label("Sampler", exact=True).fill("euler")
    dialog.get_by_label("Model", exact=True).fill("refiner")
    expect(found).to_have_count(1)
    expect(dialog.locator(".gallery-side")).to_contain_text("a red circle")
    expect(dialog.locator(".gallery-side")).to_contain_text("weft_base.safetensors")
    dialog.get_by_label("Sampler", exact=True).fill("no such sampler")
    expect(dialog).to_contain_text("Nothing matches.")
    dialog.get_by_label("Sampler", exact=True).fill("")
    dialog.get_by_role("button", name="Open its workflow").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("tab", selected=True)).to_contain_text("weft_0000")
    expect(page.locator('.node[data-type="CLIPTextEncode"]').first).to_contain_text("Positive")


def test_two_pictures_are_compared_with_a_line_that_keys_and_pointers_move(gallery_page):
    page = gallery_page
    page.keyboard.press("Shift+G")
    found = cells(page, ".gallery-dialog")
    expect(found).to_have_count(2, timeout=RUN_MS)
    page.locator(".gallery-dialog .picture-grid").focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.get_by_role("button", name="Compare").click()
    slider = page.get_by_role("slider", name="Place of the dividing line")
    expect(slider).to_have_attribute("aria-valuenow", "50")
    expect(slider).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuenow", "48")
    box = page.locator(".compare").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + 40)
    expect(slider).to_have_attribute("aria-valuenow", "25")
    page.keyboard.press("Escape")
    expect(page.locator(".gallery-dialog")).to_be_visible()
    expect(page.get_by_role("option", selected=True)).to_have_count(2)


def test_what_a_click_chose_belongs_to_what_is_added_to_it(gallery_page):
    page = gallery_page
    page.keyboard.press("Shift+G")
    found = cells(page, ".gallery-dialog")
    expect(found).to_have_count(2, timeout=RUN_MS)
    found.nth(0).click()
    expect(page.get_by_role("option", selected=True)).to_have_count(0)
    found.nth(1).click(modifiers=["Control"])
    expect(page.get_by_role("option", selected=True)).to_have_count(2)
    expect(page.get_by_role("button", name="Compare")).to_be_enabled()


def test_a_picture_is_enlarged_and_deleted_and_new_ones_appear_by_themselves(gallery_page, studio):
    page = gallery_page
    page.get_by_role("button", name="Gallery").click()
    found = cells(page, ".gallery-panel")
    expect(found).to_have_count(2, timeout=RUN_MS)
    found.first.dblclick()
    stage = page.locator(".picture-dialog")
    name = stage.get_by_role("heading").inner_text()
    page.keyboard.press("ArrowRight")
    expect(stage.get_by_role("heading")).not_to_have_text(name)
    page.keyboard.press("+")
    expect(stage.locator(".zoomed img")).to_have_attribute("style", "transform: translate(0px, 0px) scale(1.4);")
    page.keyboard.press("Escape")
    expect(stage).to_have_count(0)
    studio.queue(small(studio))
    expect(found).to_have_count(3, timeout=RUN_MS)
    page.get_by_role("button", name="Full view").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(cells(page, ".gallery-dialog")).to_have_count(2)
    assert studio.get("/api/outputs")["total"] == 2


def test_a_picture_goes_to_a_node_that_takes_one(gallery_page, studio):
    page = gallery_page
    open_workflow(page, picture_loader(studio, ""))
    page.get_by_role("button", name="Gallery").click()
    found = cells(page, ".gallery-panel")
    expect(found).to_have_count(2, timeout=RUN_MS)
    found.first.dblclick()
    page.get_by_label("Send to an image node").select_option(label="To Load Image")
    expect(node(page, 1)).to_contain_text("weft_0000")
    assert any(path.name.startswith("weft_0000") for path in (studio.workspace / "input").iterdir())
