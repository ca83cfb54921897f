"""What a person sets in a node's body, and that it is what gets queued."""

import json
import re
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.studio import Complaints
from tests.browser.test_editor_accessibility import faults

TEXT_TO_IMAGE = Path(__file__).with_name("text_to_image.json")
LARGEST_SEED = 2**64 - 1


def node(id: int, type: str, x: int, size: list[int], values: list[object], **fields: Any) -> dict[str, Any]:
    return {"id": id, "type": type, "pos": [x, 0], "size": size, "widgets_values": values, "mode": 0, **fields}


def open_nodes(page: Page, *nodes: dict[str, Any], links: list[list[object]] | None = None) -> None:
    """Open a workflow of these nodes as a person does: by dropping its file."""
    workflow = {"nodes": list(nodes), "links": links or [], "version": 0.4, "last_node_id": 99, "last_link_id": 99}
    drop_file(page.locator(".canvas-area"), "widgets.json", json.dumps(workflow).encode(), "application/json")
    expect(page.locator(".react-flow__node")).to_have_count(len(nodes))


def drop_file(target: Locator, name: str, content: bytes, media_type: str) -> None:
    transfer = target.page.evaluate_handle(
        """([name, bytes, type]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], name, { type }));
            return transfer;
        }""",
        [name, list(content), media_type],
    )
    target.dispatch_event("drop", {"dataTransfer": transfer})


def saved(page: Page, studio: Any, name: str) -> dict[int, list[Any]]:
    """Save the workflow; answers the values of its nodes in the file."""
    page.keyboard.press("Control+s")
    page.get_by_label("Name", exact=True).fill(name)
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"Saved as {name}.json.")).to_be_visible()
    path = studio.workspace / "user" / "default" / "workflows" / f"{name}.json"
    return {one["id"]: one["widgets_values"] for one in json.loads(path.read_text("utf-8"))["nodes"]}


def control(page: Page, name: str) -> Locator:
    return page.locator(f'[data-widget="{name}"]').first


def picture(color: str) -> bytes:
    kept = BytesIO()
    Image.new("RGB", (64, 48), color).save(kept, "PNG")
    return kept.getvalue()


SAMPLER = node(1, "KSampler", 0, [300, 262], [5, "fixed", 20, 8.0, "euler", "normal", 1.0])


def test_numbers_are_dragged_stepped_and_typed(editor_page: Page, studio: Any):
    page = editor_page
    open_nodes(page, SAMPLER)
    steps, cfg = control(page, "steps"), control(page, "cfg")
    place = page.locator(".react-flow__node").bounding_box()
    box = steps.bounding_box()
    assert box
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 60, middle[1], steps=6)
    page.mouse.up()
    expect(steps).to_have_attribute("aria-valuenow", "30")
    assert page.locator(".react-flow__node").bounding_box() == place
    page.keyboard.press("Control+z")
    expect(steps).to_have_attribute("aria-valuenow", "20")
    steps.click(position={"x": box["width"] - 4, "y": box["height"] / 2})
    expect(steps).to_have_attribute("aria-valuenow", "21")
    cfg.click()
    page.keyboard.type("3*1,5")
    page.keyboard.press("Enter")
    expect(cfg).to_contain_text("4.5")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Control+ArrowUp")
    expect(cfg).to_have_attribute("aria-valuenow", "5.6")
    assert saved(page, studio, "numbers")[1] == [5, "fixed", 21, 5.6, "euler", "normal", 1]


def test_the_wheel_turns_a_number_only_while_it_has_the_focus(editor_page: Page):
    page = editor_page
    open_nodes(page, SAMPLER)
    view = page.locator(".react-flow__viewport")
    steps = control(page, "steps")
    steps.focus()
    steps.hover()
    before = view.get_attribute("style")
    page.mouse.wheel(0, -100)
    expect(steps).to_have_attribute("aria-valuenow", "21")
    assert view.get_attribute("style") == before
    control(page, "cfg").hover()
    page.mouse.wheel(0, -100)
    expect(view).not_to_have_attribute("style", before or "")
    expect(control(page, "cfg")).to_have_attribute("aria-valuenow", "8")


def test_seeds_keep_every_digit(editor_page: Page, studio: Any):
    page = editor_page
    seeded = node(1, "KSampler", 0, [300, 262], [LARGEST_SEED, "increment", 1, 8.0, "euler", "normal", 1.0])
    open_nodes(page, seeded)
    seed = control(page, "seed")
    expect(seed).to_contain_text(str(LARGEST_SEED))
    seed.focus()
    page.keyboard.press("ArrowDown")
    expect(seed).to_contain_text(str(LARGEST_SEED - 1))
    page.get_by_role("button", name="seed after queueing: increment").press("ArrowRight")
    values = saved(page, studio, "seeds")[1]
    assert int(values[0]) == LARGEST_SEED - 1
    assert values[1] == "decrement"


def test_a_choice_is_searched_and_one_that_is_missing_stays(editor_page: Page, studio: Any):
    page = editor_page
    open_nodes(page, SAMPLER, node(2, "CheckpointLoaderSimple", 400, [300, 98], ["gone/model.safetensors"]))
    missing = control(page, "ckpt_name")
    expect(missing).to_have_accessible_name("ckpt_name gone/model.safetensors (not on this server)")
    sampler = control(page, "sampler_name")
    sampler.click()
    page.get_by_role("combobox", name="Search sampler_name").fill("2m sde")
    expect(page.get_by_role("option").first).to_have_text("dpmpp_2m_sde")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(sampler).to_contain_text("dpmpp_2m_sde_gpu")
    expect(sampler).to_be_focused()
    page.keyboard.press("Delete")
    expect(sampler).to_contain_text("euler")
    values = saved(page, studio, "choices")
    assert values[2] == ["gone/model.safetensors"]
    assert values[1][4] == "euler"


def test_prompts_are_weighed_completed_and_undone(editor_page: Page, studio: Any):
    page = editor_page
    folder = studio.workspace / "models" / "embeddings"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "softlight.safetensors").touch()
    open_nodes(page, node(1, "CLIPTextEncode", 0, [400, 180], ["a cat"]))
    text = page.get_by_role("textbox", name="text")
    text.click()
    page.keyboard.press("End")
    page.keyboard.press("Control+ArrowUp")
    page.keyboard.press("Control+ArrowUp")
    expect(text).to_have_value("a (cat:1.1)")
    page.keyboard.press("End")
    page.keyboard.type(", embedding:so")
    expect(page.get_by_role("option", name="softlight")).to_be_visible()
    page.keyboard.press("Tab")
    expect(text).to_have_value("a (cat:1.1), embedding:softlight")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(text).to_have_value("a (cat:1.1)")
    page.keyboard.press("Control+z")
    expect(text).to_have_value("a cat")
    page.keyboard.press("Control+Shift+z")
    expect(text).to_have_value("a (cat:1.1)")


def test_pictures_come_by_button_drop_and_paste(editor_page: Page, studio: Any):
    page = editor_page
    open_nodes(page, node(1, "LoadImage", 0, [300, 320], ["", "image"]))
    value, shown = control(page, "image"), page.locator(".input-picture img")
    chooser = page.get_by_label("Upload a file for image")
    chooser.set_input_files({"name": "red.png", "mimeType": "image/png", "buffer": picture("red")})
    expect(value).to_contain_text("red.png")
    expect(shown).to_have_attribute("alt", "red.png")
    header = page.locator(".react-flow__node .node-title")
    drop_file(header, "green.png", picture("green"), "image/png")
    expect(value).to_contain_text("green.png")
    header.click()
    page.evaluate(
        """bytes => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], "blue.png", { type: "image/png" }));
            const init = { clipboardData: data, bubbles: true, cancelable: true };
            document.body.dispatchEvent(new ClipboardEvent("paste", init));
        }""",
        list(picture("blue")),
    )
    expect(value).to_contain_text("blue.png")
    assert (studio.workspace / "input" / "blue.png").read_bytes() == picture("blue")
    chooser.set_input_files({"name": "notes.txt", "mimeType": "text/plain", "buffer": b"text"})
    expect(page.get_by_text("notes.txt is not a picture, so it was not uploaded.")).to_be_visible()
    assert saved(page, studio, "pictures")[1] == ["blue.png", "image"]


def test_notes_are_shown_as_they_are_meant_and_run_nothing(editor_page: Page, complaints: Complaints):
    page = editor_page
    complaints.expect("Executing inline event handler")  # the browser's word on what is then taken out
    text = "# Title\n\n[site](https://example.org) ![far](https://example.org/x.png)\n\n<img src=x onerror=alert(1)>"
    open_nodes(page, node(1, "MarkdownNote", 0, [300, 200], [text]), node(2, "Note", 400, [200, 100], ["plain *text*"]))
    note = page.get_by_role("group", name="text", exact=True)
    expect(note.get_by_role("heading", name="Title")).to_be_visible()
    link = note.get_by_role("link", name="site")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(link).to_have_attribute("target", "_blank")
    expect(note.get_by_role("link", name="far")).to_be_visible()
    expect(note.locator("img")).to_have_count(0)
    expect(page.locator("textarea")).to_have_value("plain *text*")
    note.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Home")
    page.keyboard.type("# New\n")
    page.locator("textarea").last.click()
    expect(note.get_by_role("heading", name="New")).to_be_visible()


def test_linked_and_unknown_values_are_shown_and_kept(editor_page: Page, studio: Any):
    page = editor_page
    source = node(3, "PrimitiveNode", -400, [200, 80], [33, "fixed"])
    source["outputs"] = [{"name": "INT", "type": "INT", "links": [9], "widget": {"name": "steps"}}]
    steps = {"name": "steps", "type": "INT", "link": 9, "widget": {"name": "steps"}}
    unknown = node(4, "NobodyKnowsThis", 400, [250, 200], ["secret", 5, {"a": [1]}])
    open_nodes(page, {**SAMPLER, "inputs": [steps]}, source, unknown, links=[[9, 3, 0, 1, 0, "INT"]])
    expect(page.locator('[data-id="1"] [data-widget="steps"]')).to_contain_text("from PrimitiveNode")
    held = page.locator('[data-id="3"]').get_by_role("spinbutton")
    expect(held).to_have_attribute("aria-valuenow", "33")
    held.focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator('[data-id="4"]')).to_contain_text("secret")
    expect(page.locator('[data-id="4"]').get_by_role("spinbutton")).to_have_count(0)
    values = saved(page, studio, "kept")
    assert values[3][0] == 34
    assert values[4] == ["secret", 5, {"a": [1]}]


def test_a_refused_value_is_marked_at_its_control(editor_page: Page, complaints: Complaints):
    page = editor_page
    complaints.expect("400 (Bad Request)")
    latent = node(1, "EmptyLatentImage", 0, [300, 106], [8, 64, 1])
    latent["outputs"] = [{"name": "LATENT", "type": "LATENT", "links": [9]}]
    keeper = node(2, "SaveLatent", 400, [300, 60], ["x"], inputs=[{"name": "samples", "type": "LATENT", "link": 9}])
    open_nodes(page, latent, keeper, links=[[9, 1, 0, 2, 0, "LATENT"]])
    page.keyboard.press("Control+Enter")
    width = control(page, "width")
    expect(width).to_have_attribute("aria-invalid", "true")
    expect(width).to_have_accessible_description(re.compile("16"))
    expect(control(page, "height")).not_to_have_attribute("aria-invalid", "true")


def test_the_seed_that_was_used_is_shown_and_can_be_kept(editor_page: Page, studio: Any):
    page = editor_page
    workflow = json.loads(TEXT_TO_IMAGE.read_text("utf-8"))
    for one in workflow["nodes"]:
        if one["type"] == "KSampler":
            one["widgets_values"] = [77, "randomize", 1, 1.0, "euler", "normal", 1.0]
        if one["type"] == "EmptyLatentImage":
            one["widgets_values"] = [64, 64, 1]
    drop_file(page.locator(".canvas-area"), "run.json", json.dumps(workflow).encode(), "application/json")
    seed = control(page, "seed")
    expect(seed).to_have_attribute("aria-valuenow", "77")
    page.keyboard.press("Control+Enter")
    expect(seed).not_to_have_attribute("aria-valuenow", "77")
    page.get_by_role("button", name="The last run used 77").click()
    expect(seed).to_have_attribute("aria-valuenow", "77")
    expect(page.get_by_role("button", name="seed after queueing: fixed")).to_be_visible()
    studio.wait_idle()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_controls_and_what_they_open_are_accessible(editor_page: Page, theme: Literal["dark", "light"]):
    page = editor_page
    page.emulate_media(color_scheme=theme)
    unknown = node(3, "NobodyKnowsThis", 800, [200, 100], ["secret", 5])
    open_nodes(page, SAMPLER, node(2, "CheckpointLoaderSimple", 400, [300, 98], ["gone.safetensors"]), unknown)
    control(page, "sampler_name").click()
    expect(page.get_by_role("listbox")).to_be_visible()
    assert faults(page) == []
    page.keyboard.press("Escape")
    control(page, "cfg").click(button="right")
    expect(page.get_by_role("menuitem", name="Copy value")).to_be_focused()
    assert faults(page) == []
