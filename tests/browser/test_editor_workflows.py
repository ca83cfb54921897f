"""Tabs, saving, versions, templates, and files that are dropped: what a person does with whole workflows."""

import json
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.studio import READY, open_editor

KEPT_MS = 1500  # autosave writes 0.8 s after the last change


def saved(studio, name: str) -> Path:
    return studio.workspace / "user" / "default" / "workflows" / f"{name}.json"


def tabs(page: Page):
    return page.get_by_role("tablist", name="Open workflows").get_by_role("tab")


def drop(page: Page, name: str, content: bytes, media_type: str) -> None:
    """Drop a file on the page as a person does from the file manager."""
    transfer = page.evaluate_handle(
        """([name, bytes, type]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], name, { type }));
            return transfer;
        }""",
        [name, list(content), media_type],
    )
    page.dispatch_event(".canvas-area", "drop", {"dataTransfer": transfer})


def test_the_default_workflow_is_ready_to_run(editor_page, studio):
    expect(tabs(editor_page)).to_have_count(1)
    stored = studio.get("/api/templates/default.json?fit=true")
    assert len(stored["nodes"]) > 5
    expect(editor_page.get_by_role("button", name="Queue").first).to_be_enabled()


def test_saving_asks_for_a_name_once_and_never_writes_over_what_somebody_else_saved(editor_page, studio, complaints):
    page = editor_page
    complaints.expect("412")
    page.keyboard.press("Control+s")
    page.get_by_label("Name", exact=True).fill("portraits/anna")
    page.keyboard.press("Enter")
    expect(tabs(page)).to_have_text(["anna"])
    path = saved(studio, "portraits/anna")
    assert json.loads(path.read_text())["nodes"]
    theirs = {"nodes": [], "links": [], "version": 0.4}
    studio.post("/api/userdata/workflows%2Fportraits%2Fanna.json", theirs)
    page.keyboard.press("Control+s")
    expect(page.get_by_text("has other content on the server by now")).to_be_visible()
    assert json.loads(path.read_text()) == theirs
    page.get_by_role("button", name="Write over it").click()
    expect(page.get_by_text("Saved as portraits/anna.json.")).to_have_count(2)
    assert json.loads(path.read_text())["nodes"]


def test_the_panel_lists_opens_renames_and_deletes(editor_page, studio):
    page = editor_page
    page.keyboard.press("Control+s")
    page.get_by_label("Name", exact=True).fill("first")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Workflows", exact=True).click()
    panel = page.get_by_role("complementary", name="Workflows")
    panel.get_by_role("button", name="Rename first").click()
    panel.get_by_label("Name", exact=True).fill("second")
    page.keyboard.press("Enter")
    expect(panel.get_by_role("button", name="Delete second")).to_be_visible()
    panel.locator(".file-name").click()
    expect(tabs(page)).to_have_text(["first", "second"])
    panel.get_by_role("button", name="Delete second").click()
    expect(panel.get_by_text("Nothing is saved on this server yet.")).to_be_visible()
    assert not saved(studio, "second").exists()


def test_open_tabs_come_back_when_the_page_is_loaded_again(editor_page):
    page = editor_page
    page.get_by_role("button", name="New workflow").click()
    tabs(page).nth(1).dblclick()
    page.get_by_label("Name", exact=True).fill("sketch")
    page.keyboard.press("Enter")
    page.wait_for_timeout(KEPT_MS)
    page.reload()
    page.locator(READY).wait_for(state="attached")
    expect(tabs(page)).to_have_text(["Base + refiner (not saved)", "sketch (not saved)"])
    expect(tabs(page).nth(1)).to_have_attribute("aria-selected", "true")


def test_a_second_window_has_tabs_of_its_own(editor_page, studio):
    page = editor_page
    page.get_by_role("button", name="New workflow").click()
    page.wait_for_timeout(KEPT_MS)
    other = page.context.new_page()
    open_editor(other, studio)
    expect(tabs(other)).to_have_count(1)
    expect(tabs(page)).to_have_count(2)
    other.close()


def test_a_closed_tab_can_be_opened_again(editor_page):
    page = editor_page
    page.get_by_title("Close Base + refiner").click()
    expect(tabs(page)).to_have_count(0)
    page.get_by_role("button", name="Open it again").click()
    expect(tabs(page)).to_have_count(1)


def test_each_template_opens_and_lacks_nothing(editor_page, studio):
    page = editor_page
    page.get_by_role("button", name="Templates", exact=True).click()
    panel = page.get_by_role("complementary", name="Templates")
    expect(panel.locator(".template")).to_have_count(len(studio.get("/api/templates/index")))
    for picture in panel.locator(".template img").all():
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("image => image.naturalWidth") > 0
    with page.expect_response("**/api/workflow/check") as checked:
        panel.locator(".template").filter(has_text="Inpaint").first.click()
    answer = checked.value.json()
    assert (answer["missing_types"], answer["missing_files"]) == ([], [])
    expect(tabs(page).nth(1)).to_contain_text("Inpaint")


def test_templates_of_one_kind_alone(editor_page, studio):
    page = editor_page
    page.get_by_role("button", name="Templates", exact=True).click()
    kinds = page.get_by_role("group", name="Kinds of templates")
    kinds.get_by_role("button", name="Refiner").click()
    of_kind = [entry["title"] for entry in studio.get("/api/templates/index") if entry["category"] == "Refiner"]
    expect(page.locator(".template strong")).to_have_text(of_kind)
    kinds.get_by_role("button", name="Start").click()
    page.get_by_role("searchbox", name="Search templates").fill("ensemble")
    expect(page.locator(".template")).to_have_count(0)
    kinds.get_by_role("button", name="All").click()
    expect(page.locator(".template strong")).to_have_text(["Refiner by fractions"])


def test_a_dropped_workflow_opens_and_a_broken_one_changes_nothing(editor_page):
    page = editor_page
    workflow = {"nodes": [], "links": [], "groups": [], "version": 0.4, "extra": {"mine": 1}}
    drop(page, "dropped.json", json.dumps(workflow).encode(), "application/json")
    expect(tabs(page).nth(1)).to_contain_text("dropped")
    drop(page, "broken.json", b"{nodes: ", "application/json")
    expect(page.get_by_text("broken.json cannot be opened.")).to_be_visible()
    expect(tabs(page)).to_have_count(2)


def test_what_is_missing_is_listed_and_can_be_replaced(editor_page, studio):
    page = editor_page
    workflow = studio.get("/api/templates/text_to_image.json?fit=true")
    for node in workflow["nodes"]:
        if node["type"] == "CheckpointLoaderSimple":
            node["widgets_values"][0] = "their_model.safetensors"
    workflow["nodes"].append({"id": 900, "type": "TheirNode", "pos": [0, 900], "widgets_values": [7]})
    drop(page, "theirs.json", json.dumps(workflow).encode(), "application/json")
    page.get_by_role("button", name="Show", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("TheirNode", exact=True)).to_be_visible()
    expect(dialog.get_by_text("their_model.safetensors", exact=True)).to_be_visible()
    dialog.get_by_role("button", name="weft_base.safetensors").click()
    expect(dialog.get_by_text("their_model.safetensors", exact=True)).to_have_count(0)


def test_a_version_can_be_looked_at_and_brought_back(editor_page):
    page = editor_page
    page.keyboard.press("Control+s")
    page.get_by_label("Name", exact=True).fill("kept")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved as kept.json.")).to_be_visible()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Saved as kept.json.")).to_have_count(2)
    page.keyboard.press("Alt+v")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="server").first.click()
    dialog.get_by_role("button", name="Restore this version").click()
    expect(page.get_by_text("The version is back.")).to_be_visible()
    expect(page.locator(".react-flow__node").first).to_be_visible()


def test_exports_are_what_other_programs_read(editor_page, studio):
    page = editor_page
    texts = []
    for command in ("Download the workflow", "Download for the API"):
        page.get_by_role("button", name="Menu", exact=True).click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name=command).click()
        texts.append(json.loads(Path(download.value.path()).read_text()))
    workflow, prompt = texts
    assert workflow["version"] == 0.4
    assert {node["class_type"] for node in prompt.values()} >= {"CheckpointLoaderSimple", "SaveImage"}
    assert studio.queue(prompt)
    studio.wait_idle()
