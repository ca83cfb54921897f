"""The XY grid: sweeping inputs over values, the contact sheet, and each cell's workflow."""

import io
import json
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect


@pytest.fixture
def grid(editor_page: Page) -> Page:
    """The grid of the template that is there for it, set to four small pictures."""
    page = editor_page
    page.get_by_role("button", name="Templates", exact=True).click()
    page.get_by_role("button", name="XY grid").click()
    dialog = page.get_by_role("dialog")
    values = dialog.get_by_label("Values")
    expect(values).to_have_count(2)
    values.nth(0).fill("1, 2")
    values.nth(1).fill("1, 2")
    return page


def test_a_sweep_fills_every_cell_and_each_opens_its_workflow(grid, studio):
    dialog = grid.get_by_role("dialog")
    expect(dialog.get_by_text("4 pictures")).to_be_visible()
    dialog.get_by_role("button", name="Run the grid").click()
    expect(dialog.locator('.grid-cell[data-status="done"] img')).to_have_count(4)
    prompts = [
        job["workflow"]["prompt"]
        for job in (studio.get(f"/api/jobs/{job['id']}") for job in studio.get("/api/jobs")["jobs"])
    ]
    swept = {
        (node["inputs"]["steps"], node["inputs"]["cfg"])
        for prompt in prompts
        for node in prompt.values()
        if "cfg" in node["inputs"]
    }
    assert swept == {(1, 1), (1, 2), (2, 1), (2, 2)}
    dialog.get_by_role("button", name="Open the workflow of 2 · 1").click()
    tab = grid.get_by_role("tab", selected=True)
    expect(tab).to_contain_text("XY grid: 2 · 1")


def test_the_sheet_has_all_pictures_and_can_be_kept_on_the_server(grid, studio):
    dialog = grid.get_by_role("dialog")
    dialog.get_by_role("button", name="Run the grid").click()
    expect(dialog.locator('.grid-cell[data-status="done"] img')).to_have_count(4)
    with grid.expect_download() as download:
        dialog.get_by_role("button", name="Download the sheet").click()
    with Image.open(io.BytesIO(Path(download.value.path()).read_bytes())) as sheet:
        width, height = sheet.size
        assert width > 2 * 128 and height > 2 * 128
        colours = sheet.convert("RGB").getcolors(2**24)
        assert colours is not None and len(colours) > 100  # pictures, not only labels
    dialog.get_by_role("button", name="Keep the sheet on the server").click()
    expect(grid.get_by_text("The sheet is kept as grids/XY grid grid.png.")).to_be_attached()
    assert (studio.workspace / "output" / "grids" / "XY grid grid.png").is_file()


def test_what_cannot_be_a_value_is_said_and_nothing_is_queued(grid, studio):
    dialog = grid.get_by_role("dialog")
    dialog.get_by_label("Values").nth(0).fill("4, many")
    expect(dialog.get_by_text("“many” is no value that this input takes.")).to_be_visible()
    expect(dialog.get_by_role("button", name="Run the grid")).to_be_disabled()
    dialog.get_by_label("Values").nth(0).fill("1..30")
    dialog.get_by_label("Values").nth(1).fill("0..30")
    expect(dialog.get_by_text("930 pictures are too many")).to_be_visible()
    assert studio.get("/api/jobs")["jobs"] == []


def test_the_axes_are_saved_with_the_workflow(grid, studio):
    grid.get_by_role("dialog").get_by_role("button", name="Run the grid").click()
    expect(grid.get_by_role("dialog").locator('.grid-cell[data-status="done"]')).to_have_count(4)
    grid.keyboard.press("Escape")
    grid.keyboard.press("Control+s")
    grid.get_by_label("Name", exact=True).fill("swept")
    grid.keyboard.press("Enter")
    expect(grid.get_by_text("Saved as swept.json.")).to_be_visible()
    saved = json.loads((studio.workspace / "user" / "default" / "workflows" / "swept.json").read_text())
    axes = saved["extra"]["weft"]["grid"]
    assert (axes["x"]["values"], axes["y"]["values"]) == ([1, 2], [1, 2])
