"""What somebody does who opens the editor for the first time: a template, a LoRA in a link, an error and its remedy."""

import io

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_editor_canvas import drag, ends, middle, node, socket
from tests.browser.test_editor_widgets import drop_file


@pytest.fixture
def editor(editor_page: Page) -> Page:
    expect(editor_page.locator('.canvas[data-nodes="12"]')).to_be_visible()
    expect(editor_page.locator(".socket-dot").first).to_be_visible()
    return editor_page


def test_a_node_that_goes_into_a_link_takes_and_gives_what_flows_there(editor):
    x, y = middle(socket(editor, 9, "out", 0))
    x2, y2 = middle(socket(editor, 10, "in", 0))
    editor.mouse.click((x + x2) / 2, (y + y2) / 2)
    editor.get_by_role("menuitem", name="Insert a node").click()
    offered = editor.locator(".search-results [role=option]")
    expect(offered.filter(has_text="Upscale Latent").first).to_be_visible()
    expect(offered.filter(has_text="LoRA")).to_have_count(0)
    expect(offered.filter(has_text="Conditioning")).to_have_count(0)
    editor.keyboard.type("upscale latent by")
    editor.keyboard.press("Enter")
    expect(editor.locator('.canvas[data-nodes="13"]')).to_be_visible()
    assert (9, 0, 10, 0) not in ends(editor)


def test_a_lora_is_found_by_its_name_and_wide_enough_for_its_file(editor):
    drag(editor, middle(socket(editor, 1, "out", 0)), (1150, 620))
    search = editor.get_by_role("combobox", name="Nodes that take MODEL")
    search.fill("lora")
    expect(editor.get_by_role("option").first).to_have_text("Load LoRAloaders")
    editor.keyboard.press("Enter")
    expect(editor.locator('.canvas[data-nodes="13"]')).to_be_visible()
    made = editor.locator(".react-flow__node").filter(has_text="Load LoRA")
    value = made.locator('[data-widget="lora_name"] .widget-value')
    expect(value).to_have_text("weft_lora.safetensors")
    assert value.evaluate("(element) => element.scrollWidth <= element.clientWidth")


def test_the_pictures_of_a_template_are_known_at_once(editor):
    editor.get_by_role("button", name="Templates").click()
    editor.locator(".template").filter(has_text="Image to image").click()
    picture = editor.locator('[data-widget="image"]').first
    expect(picture).to_be_visible()
    expect(picture).not_to_have_accessible_name("image weft_example_sketch.png (not on this server)")
    expect(editor.locator(".notice")).to_have_count(0)


def test_what_hangs_out_of_a_node_lies_over_its_neighbours(editor, complaints):
    complaints.expect("400")
    drag(editor, middle(socket(editor, 8, "in", 1)), (1150, 620))
    editor.keyboard.press("Escape")
    editor.keyboard.press("Control+Enter")
    problem = node(editor, 8).locator(".node-problem").first
    expect(problem).to_be_visible()
    is_on_top = """(element) => {
      const box = element.getBoundingClientRect();
      return element.contains(document.elementFromPoint(box.x + 5, box.y + 5));
    }"""
    assert problem.evaluate(is_on_top)


def test_a_picture_without_a_workflow_becomes_a_node_that_takes_it(editor):
    drop_file(editor.locator(".canvas-area"), "plain.png", picture_file(), "image/png")
    expect(editor.locator(".notice")).to_contain_text("plain.png cannot be opened.")
    editor.get_by_role("button", name="Add it as a node").click()
    expect(editor.locator('.canvas[data-nodes="13"]')).to_be_visible()
    added = editor.locator('.node[data-selected] [data-widget="image"]')
    expect(added).to_have_accessible_name("image plain.png")


def test_a_pasted_picture_becomes_a_node(editor):
    editor.locator(".canvas").focus()
    paste_file(editor.locator(".canvas"), "pasted.png", picture_file(), "image/png")
    expect(editor.locator('.canvas[data-nodes="13"]')).to_be_visible()
    expect(editor.locator('.node[data-selected] [data-widget="image"]')).to_have_accessible_name("image pasted.png")


def picture_file() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(file, "PNG")
    return file.getvalue()


def paste_file(target: Locator, name: str, content: bytes, media_type: str) -> None:
    target.evaluate(
        """(element, [name, bytes, type]) => {
            const clipboardData = new DataTransfer();
            clipboardData.items.add(new File([new Uint8Array(bytes)], name, { type }));
            element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
        }""",
        [name, list(content), media_type],
    )


def test_escape_leaves_a_text_and_then_the_node(editor):
    editor.locator(".canvas").focus()
    editor.keyboard.press("Tab")
    editor.keyboard.press("Tab")
    editor.keyboard.press("Enter")
    expect(node(editor, 3).locator("textarea")).to_be_focused()
    editor.keyboard.press("Escape")
    expect(editor.locator('[data-node="3"]')).to_be_focused()
    expect(editor.locator(".node[data-selected]")).to_have_count(1)
    editor.keyboard.press("Escape")
    expect(editor.locator(".node[data-selected]")).to_have_count(0)
