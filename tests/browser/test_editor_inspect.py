"""Looking at what flowed through a wire."""

import time

from playwright.sync_api import Page, expect

from tests.browser.studio import Studio


def inspect(page: Page, title: str) -> None:
    """Select a node by its title and ask what came out of it."""
    page.locator(".node-title").filter(has_text=title).first.click()
    page.keyboard.press("i")


def run_template(page: Page, studio: Studio, name: str) -> None:
    """Open a template and run it to its end."""
    page.get_by_role("button", name="Templates", exact=True).click()
    page.get_by_role("complementary", name="Templates").get_by_role("button", name=name).click()
    expect(page.get_by_role("tab", selected=True)).to_contain_text(name)
    page.get_by_role("button", name="Templates", exact=True).click()
    run(page, studio)


def run(page: Page, studio: Studio) -> None:
    """Queue the workflow; returns when it has ended."""
    with page.expect_response("**/api/prompt"):
        page.keyboard.press("Control+Enter")
    studio.wait_idle()


def test_before_a_run_there_is_nothing_to_see_and_it_says_so(editor_page):
    inspect(editor_page, "VAE Decode")
    panel = editor_page.get_by_role("complementary", name="Wire")
    expect(panel.get_by_text("Nothing has flowed here yet.")).to_be_visible()
    panel.get_by_role("button", name="Close").click()
    expect(panel).to_have_count(0)


def test_a_picture_a_latent_and_a_conditioning_show_what_they_are(editor_page, studio):
    page = editor_page
    run_template(page, studio, "Text to image")
    panel = page.get_by_role("complementary", name="Wire")
    inspect(page, "VAE Decode")
    expect(panel.get_by_text("1 × 128 × 128 × 3")).to_be_visible()
    expect(panel.get_by_role("img", name="Histogram of values").first).to_be_visible()
    picture = panel.locator(".inspect-pictures img")
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 0
    inspect(page, "Sampler")
    expect(panel.get_by_text("1 × 4 × 16 × 16")).to_be_visible()
    inspect(page, "Positive")
    expect(panel.get_by_role("heading", name="Text encoder g")).to_be_visible()
    assert panel.locator(".token").count() > 4


def test_the_run_before_is_compared(editor_page, studio):
    page = editor_page
    run_template(page, studio, "Text to image")
    prompt = page.locator("textarea").first
    prompt.fill("a green square on a red background")
    prompt.blur()
    run(page, studio)
    inspect(page, "VAE Decode")
    panel = page.get_by_role("complementary", name="Wire")
    expect(panel.get_by_text("Differs from the run before by up to")).to_be_visible()
    panel.get_by_role("radio", name="Difference").click()
    picture = panel.locator(".inspect-pictures img")
    assert "of=difference" in (picture.get_attribute("src") or "")
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 0


def test_what_is_not_kept_any_more_is_said(editor_page, studio, complaints):
    page = editor_page
    complaints.expect("410")
    run_template(page, studio, "Text to image")
    (job,) = studio.get("/api/jobs")["jobs"]
    studio.post("/free", {"free_memory": True})
    path = f"/api/jobs/{job['id']}/values/6/0"
    while studio.server.request("GET", path)[0] == 200:  # the worker forgets as soon as it has nothing to do
        time.sleep(0.05)
    inspect(page, "VAE Decode")
    expect(page.get_by_role("complementary", name="Wire").get_by_role("status")).to_contain_text("not kept any more")
