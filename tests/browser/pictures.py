"""Makes the pictures of the documentation from the editor as it is: `python -m tests.browser.pictures [NAME ...]`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.studio import Studio, open_editor, running_studio

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
SECONDS = 120


def queue(page: Page) -> None:
    """Queue the shown workflow and wait until its picture is on its node."""
    page.keyboard.press("Control+Enter")
    expect(page.locator('.node-preview img[src*="type=output"]').first).to_be_visible()
    expect(page.get_by_role("progressbar", name="Progress")).to_have_count(0)


def template(page: Page, title: str) -> None:
    """Open a template in a tab of its own, and close the panel again."""
    page.keyboard.press("Alt+t")
    page.locator(".template").filter(has_text=title).first.click()
    expect(page.get_by_role("tab", selected=True)).to_contain_text(title)


def editor(page: Page) -> None:
    queue(page)


def inspector(page: Page) -> None:
    template(page, "Text to image")
    page.keyboard.press("Alt+t")
    queue(page)
    page.locator(".node-title").filter(has_text="Sampler").first.click()
    page.keyboard.press("i")
    expect(page.locator(".inspect-pictures img")).to_be_visible()
    page.locator(".inspector summary").first.click()


def mask(page: Page) -> None:
    template(page, "Inpaint")
    page.keyboard.press("Alt+t")
    page.locator(".node-title").filter(has_text="picture").first.click()
    page.keyboard.press("m")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.wait_for_load_state("networkidle")
    box = page.get_by_role("dialog").locator("canvas").first.bounding_box()
    assert box is not None
    left, top = box["x"] + box["width"] * 0.35, box["y"] + box["height"] * 0.35
    page.mouse.move(left, top)
    page.mouse.down()
    for step in range(20):
        page.mouse.move(left + step * 12, top + (step % 5) * 18)
    page.mouse.up()


def grid(page: Page) -> None:
    template(page, "XY grid")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Run the grid").click()
    expect(dialog.locator('.grid-cell[data-status="done"] img')).to_have_count(12)


def gallery(page: Page) -> None:
    for title in ("Text to image", "Hires fix", "Area composition"):
        template(page, title)
        page.keyboard.press("Alt+t")
        queue(page)
    page.keyboard.press("Shift+g")
    expect(page.get_by_role("dialog").locator("img").nth(2)).to_be_visible()


def templates(page: Page) -> None:
    page.keyboard.press("Alt+t")
    for picture in page.locator(".template img").all():
        picture.scroll_into_view_if_needed()
    page.locator(".template").first.scroll_into_view_if_needed()


SCENES: Mapping[str, Callable[[Page], None]] = {
    "editor": editor,
    "editor-inspector": inspector,
    "editor-mask": mask,
    "editor-grid": grid,
    "editor-gallery": gallery,
    "editor-templates": templates,
}


def make(studio: Studio, names: list[str]) -> None:
    """Take the named pictures, each of a fresh page."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for name in names:
            context = browser.new_context(viewport={"width": 1400, "height": 860}, color_scheme="dark")
            context.set_default_timeout(1000 * SECONDS)
            expect.set_options(timeout=1000 * SECONDS)
            page = context.new_page()
            open_editor(page, studio)
            SCENES[name](page)
            page.wait_for_timeout(500)  # notices and fades
            page.screenshot(path=IMAGES / f"{name}.png")
            context.close()
            print(IMAGES / f"{name}.png")
        browser.close()


def main() -> None:
    names = sys.argv[1:] or list(SCENES)
    with tempfile.TemporaryDirectory() as folder, running_studio(Path(folder)) as studio:
        make(studio, names)


if __name__ == "__main__":
    main()
