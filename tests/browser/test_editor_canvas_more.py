"""More of the canvas in Chromium: links bent, moved and chosen, fingers, clippings of other editors, pictures."""

import base64
import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.studio import Studio, open_editor
from tests.browser.test_editor_canvas import drag, ends, graph, middle, node, socket, title
from tests.browser.test_editor_inspect import run_template


@pytest.fixture
def canvas(editor_page: Page) -> Page:
    """The editor with its first workflow drawn, and the focus on the canvas."""
    ready(editor_page)
    return editor_page


def ready(page: Page) -> None:
    expect(page.locator('.canvas[data-nodes="12"]')).to_be_visible()
    expect(page.locator(".socket-dot").first).to_be_visible()
    page.locator(".canvas").focus()


def between(page: Page, begin: tuple[int, int], end: tuple[int, int]) -> tuple[float, float]:
    """Halfway from an output to an input."""
    x, y = middle(socket(page, begin[0], "out", begin[1]))
    x2, y2 = middle(socket(page, end[0], "in", end[1]))
    return (x + x2) / 2, (y + y2) / 2


def dispatch_paste(page: Page, kind: str, text: str) -> None:
    page.locator(".canvas").focus()
    page.evaluate(
        """([kind, text]) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData(kind, text);
            const event = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
            document.activeElement.dispatchEvent(event);
        }""",
        [kind, text],
    )


def test_the_middle_button_bends_a_link_where_it_is(canvas):
    canvas.mouse.click(*between(canvas, (1, 1), (3, 0)), button="middle")
    expect(canvas.locator("[data-bend]")).to_have_count(1)
    before = canvas.locator("[data-bend]").bounding_box()
    drag(canvas, middle(canvas.locator("[data-bend]")), (430, 60))
    assert canvas.locator("[data-bend]").bounding_box() != before
    canvas.keyboard.press("Delete")
    expect(canvas.locator("[data-bend]")).to_have_count(0)
    assert (1, 1, 3, 0) in ends(canvas)


def test_shift_drag_moves_all_links_of_an_output(canvas):
    canvas.keyboard.down("Shift")
    drag(canvas, middle(socket(canvas, 1, "out", 1)), middle(socket(canvas, 2, "out", 1)))
    canvas.keyboard.up("Shift")
    links = ends(canvas)
    assert {link for link in links if link[:2] == (1, 1)} == set()
    assert {link[2] for link in links if link[:2] == (2, 1)} == {3, 4, 5, 6}
    canvas.keyboard.press("Control+z")
    assert {link[2] for link in ends(canvas) if link[:2] == (1, 1)} == {3, 4}


def test_a_node_goes_into_a_link(canvas):
    canvas.mouse.click(*between(canvas, (7, 0), (8, 3)))
    canvas.get_by_role("menuitem", name="Insert a node …").click()
    canvas.get_by_role("combobox").fill("latent upscale by")
    canvas.keyboard.press("Enter")
    expect(canvas.locator('.canvas[data-nodes="13"]')).to_be_visible()
    made = max(graph(canvas)["nodes"])
    links = ends(canvas)
    assert {(7, 0, made, 0), (made, 0, 8, 3)} <= links
    assert (7, 0, 8, 3) not in links


def test_a_selected_link_goes_by_delete_also_from_its_menu(canvas):
    canvas.mouse.click(*between(canvas, (1, 1), (4, 0)))
    expect(canvas.get_by_role("menu")).to_be_visible()
    canvas.keyboard.press("Escape")
    canvas.keyboard.press("Delete")
    assert (1, 1, 4, 0) not in ends(canvas)
    canvas.keyboard.press("Control+z")
    assert (1, 1, 4, 0) in ends(canvas)
    canvas.mouse.click(*between(canvas, (1, 1), (4, 0)))
    canvas.get_by_role("menuitem", name="Inspect what flowed").press("Delete")
    assert (1, 1, 4, 0) not in ends(canvas)


def test_links_are_chosen_and_bent_and_deleted_by_keyboard(canvas):
    title(canvas, 8).click()
    canvas.keyboard.press("Alt+l")
    field = canvas.get_by_role("combobox", name="Choose a link")
    expect(field).to_be_focused()
    expect(canvas.get_by_role("option")).to_have_text(
        [
            "model ← Base checkpoint, MODEL",
            "positive ← Positive, CONDITIONING",
            "negative ← Negative, CONDITIONING",
            "latent_image ← Size, LATENT",
            "LATENT → Refiner, latent_image",
        ]
    )
    field.press("ArrowDown")
    field.press("ArrowDown")
    field.press("Enter")
    canvas.get_by_role("menuitem", name="Add a reroute point").press("Enter")
    expect(canvas.locator("[data-bend]")).to_have_count(1)
    expect(node(canvas, 8).locator(".node")).to_be_focused()
    canvas.keyboard.press("Alt+l")
    canvas.keyboard.type("refiner")
    canvas.keyboard.press("Enter")
    canvas.get_by_role("menuitem", name="Delete the link").press("Enter")
    canvas.keyboard.press("Tab")
    expect(node(canvas, 10).locator(".node")).to_be_focused()
    assert (8, 0, 9, 3) not in ends(canvas)


def test_a_finger_that_rests_opens_the_menu(canvas):
    session = canvas.context.new_cdp_session(canvas)
    x, y = middle(title(canvas, 3))
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    expect(canvas.get_by_role("menuitem", name="Rename")).to_be_visible()
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(canvas.get_by_role("menuitem", name="Rename")).to_be_visible()
    expect(node(canvas, 3).locator(".node")).to_have_attribute("data-selected", "true")


@pytest.fixture
def touch_screen(browser: Browser, studio: Studio) -> Iterator[Page]:
    """The editor on a machine whose screen is touched."""
    studio.clean()
    context = browser.new_context(viewport={"width": 1400, "height": 900}, has_touch=True)
    page = context.new_page()
    open_editor(page, studio)
    ready(page)
    yield page
    context.close()


def test_two_fingers_beside_nodes_zoom_too_and_one_moves_the_view(touch_screen):
    percent = touch_screen.locator(".zoom-percent")
    before = int(percent.inner_text().split()[0])
    session = touch_screen.context.new_cdp_session(touch_screen)

    def touch(kind: str, *places: float) -> None:
        points = [{"x": x, "y": 600, "id": at} for at, x in enumerate(places)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 1140, 1320)
    for spread in (88, 84, 80, 76):
        touch("touchMove", 1230 - spread, 1230 + spread)
    touch("touchEnd")
    expect(percent).not_to_have_text(f"{before} %")
    assert int(percent.inner_text().split()[0]) < before
    at = middle(title(touch_screen, 1))
    touch("touchStart", 1230)
    for x in (1240, 1260, 1290):
        touch("touchMove", x)
    touch("touchEnd")
    assert middle(title(touch_screen, 1))[0] > at[0] + 30


@pytest.mark.parametrize("attribute", ["data-metadata", "data-comfy-metadata"])
def test_a_clipping_of_the_stock_editor_is_pasted(canvas, attribute):
    """As its versions write it: older ones with arrays of places, newer ones with objects; base64 in HTML."""
    sampler = {
        "id": 31,
        "type": "KSampler",
        "pos": [100, 100],
        "size": [270, 262],
        "flags": {},
        "order": 0,
        "mode": 0,
        "title": "Süß",
        "inputs": [{"name": name, "type": name.upper(), "link": None} for name in ("model", "latent_image")],
        "outputs": [{"name": "LATENT", "type": "LATENT", "links": [77]}],
        "properties": {"Node name for S&R": "KSampler"},
        "widgets_values": [5, "fixed", 20, 8, "euler", "normal", 1],
    }
    decode = {
        "id": 32,
        "type": "VAEDecode",
        "pos": [420, 100],
        "size": [210, 46],
        "flags": {},
        "order": 1,
        "mode": 0,
        "inputs": [{"name": "samples", "type": "LATENT", "link": 77}, {"name": "vae", "type": "VAE", "link": None}],
        "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": None}],
        "properties": {"Node name for S&R": "VAEDecode"},
    }
    link = {"id": 77, "origin_id": 31, "origin_slot": 0, "target_id": 32, "target_slot": 0, "type": "LATENT"}
    clipping = {"nodes": [sampler, decode], "groups": [], "reroutes": [], "links": [link], "subgraphs": []}
    packed = base64.b64encode(json.dumps(clipping, ensure_ascii=False).encode()).decode()
    html = f'<meta charset="utf-8"><div><span {attribute}="{packed}"></span></div><span>Text</span>'
    dispatch_paste(canvas, "text/html", html)
    expect(canvas.locator('.canvas[data-nodes="14"]')).to_be_visible()
    expect(canvas.locator(".node[data-selected]")).to_have_count(2)
    shown = graph(canvas)["nodes"]
    one, other = sorted(key for key in shown if key > 12)
    assert (one, 0, other, 0) in ends(canvas)
    assert shown[one]["title"] == "Süß"
    assert shown[one]["widgets_values"][:3] == [5, "fixed", 20]


def test_nodes_are_copied_to_another_tab_of_the_browser(canvas, studio):
    title(canvas, 1).click()
    title(canvas, 3).click(modifiers=["Shift"])
    canvas.keyboard.press("Control+c")
    other = canvas.context.new_page()
    open_editor(other, studio)
    ready(other)
    other.keyboard.press("Control+v")
    expect(other.locator('.canvas[data-nodes="14"]')).to_be_visible()
    first, second = sorted(key for key in graph(other)["nodes"] if key > 12)
    assert (first, 1, second, 0) in ends(other)
    other.close()


WATCH = """() => {
    window.previewed = new Set();
    const look = () => {
        for (const image of document.querySelectorAll("img.node-latest")) {
            const { node } = image.closest("[data-node]").dataset;
            if (image.complete && image.naturalWidth > 0) window.previewed.add(node);
        }
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributeFilter: ["src"] });
    document.addEventListener("load", look, { capture: true });
}"""


def test_a_sampler_shows_how_far_it_is_and_undo_leaves_a_node_its_picture(canvas, studio):
    canvas.evaluate(WATCH)
    run_template(canvas, studio, "Text to image")
    saved = canvas.locator('.react-flow__node:has([data-type="SaveImage"])')
    picture = saved.locator(".node-picture img")
    expect(picture).to_be_visible()
    (sampler,) = canvas.evaluate("[...window.previewed]")
    expect(node(canvas, sampler).locator(".node")).to_have_attribute("data-type", "KSampler")
    expect(canvas.locator("img.node-latest")).to_have_count(0)
    shown = picture.get_attribute("src")
    saved.locator(".node-name").click()
    canvas.keyboard.press("Shift+ArrowRight")
    canvas.keyboard.press("Delete")
    expect(saved).to_have_count(0)
    canvas.keyboard.press("Control+z")
    canvas.keyboard.press("Control+z")
    expect(picture).to_have_attribute("src", shown or "")
    canvas.keyboard.press("Control+Shift+z")
    expect(picture).to_have_attribute("src", shown or "")
