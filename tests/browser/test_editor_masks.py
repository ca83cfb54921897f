"""Masks of pictures: painted in the editor, saved beside the picture, and what nodes make of them."""

import json
import re
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import Locator, Page, expect

from tests.browser.studio import Complaints
from tests.browser.test_editor_accessibility import faults

WIDTH, HEIGHT = 320, 200
SQUARE = (200, 60, 300, 160)  # of one colour, in the noise: left, top, right, bottom
TEXTS = {"workflow": '{"nodes": [], "links": []}'}


def picture() -> bytes:
    """Noise with a red square, and every transparency there is from left to right."""
    random = Random(4)
    image = Image.frombytes("RGB", (WIDTH, HEIGHT), random.randbytes(3 * WIDTH * HEIGHT))
    image.paste((200, 30, 30), SQUARE)
    alpha = Image.new("L", (WIDTH, HEIGHT))
    alpha.putdata([min(x, 255) for _ in range(HEIGHT) for x in range(WIDTH)])
    image.putalpha(alpha)
    info = PngInfo()
    for key, text in TEXTS.items():
        info.add_text(key, text)
    kept = BytesIO()
    image.save(kept, "PNG", pnginfo=info)
    return kept.getvalue()


def put(studio: Any, name: str, data: bytes) -> Path:
    """Lay a picture into the input folder; nothing masked is left there of earlier tests."""
    folder = studio.workspace / "input"
    folder.mkdir(exist_ok=True)
    for old in (folder / "clipspace").glob("*"):
        old.unlink()
    (folder / name).write_bytes(data)
    return folder / name


def open_node(page: Page, name: str) -> None:
    """A workflow that loads a picture and shows its mask, with the picture's node selected."""
    outputs = [{"name": "IMAGE", "type": "IMAGE", "links": []}, {"name": "MASK", "type": "MASK", "links": [1]}]
    image = {"name": "IMAGE", "type": "IMAGE", "links": [2]}
    mask = {"name": "mask", "type": "MASK", "link": 1}
    nodes = [
        {"id": 1, "type": "LoadImage", "pos": [0, 0], "size": [320, 340], "widgets_values": [name, "image"],
         "outputs": outputs},
        {"id": 2, "type": "MaskToImage", "pos": [400, 0], "size": [200, 40], "inputs": [mask], "outputs": [image]},
        {"id": 3, "type": "PreviewImage", "pos": [700, 0], "size": [200, 200],
         "inputs": [{"name": "images", "type": "IMAGE", "link": 2}]},
    ]  # fmt: skip
    workflow = {"nodes": nodes, "links": [[1, 1, 1, 2, 0, "MASK"], [2, 2, 0, 3, 0, "IMAGE"]], "version": 0.4}
    transfer = page.evaluate_handle(
        """text => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([text], "masks.json", { type: "application/json" }));
            return transfer;
        }""",
        json.dumps(workflow),
    )
    page.locator(".canvas-area").dispatch_event("drop", {"dataTransfer": transfer})
    expect(page.locator(".react-flow__node")).to_have_count(3)
    page.locator('.react-flow__node[data-id="1"] .node-title').click()


def open_editor(page: Page, name: str) -> Locator:
    """The mask editor on a picture, at 100 %; answers where it is painted."""
    open_node(page, name)
    page.mouse.move(0, 0)
    page.keyboard.press("m")
    stage = page.get_by_role("application", name="Mask canvas")
    expect(stage).to_be_focused()
    page.keyboard.press("1")
    expect(page.get_by_role("button", name="Show at 100 %")).to_have_text("100 %")
    return stage


def at(stage: Locator, x: float, y: float) -> tuple[float, float]:
    """Where on the page a place of the picture is."""
    box = stage.locator("img").bounding_box()
    assert box
    return box["x"] + x * box["width"] / WIDTH, box["y"] + y * box["height"] / HEIGHT


def drag(stage: Locator, *places: tuple[float, float], button: Any = "left") -> None:
    mouse = stage.page.mouse
    mouse.move(*at(stage, *places[0]))
    mouse.down(button=button)
    for place in places[1:]:
        mouse.move(*at(stage, *place), steps=4)
    mouse.up(button=button)


def set_number(page: Page, name: str, value: int) -> None:
    page.get_by_label(f"{name}, number").fill(str(value))
    page.keyboard.press("Enter")


def save(page: Page, studio: Any, name: str = "picture-masked.png") -> Image.Image:
    """Save; answers the new file."""
    page.keyboard.press("Control+s")
    expect(page.get_by_text(f"the node now shows clipspace/{name}")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    image = Image.open(studio.workspace / "input" / "clipspace" / name)
    image.load()
    return image


def alpha_at(image: Image.Image, x: int, y: int) -> int:
    return image.getchannel("A").getpixel((x, y))


def test_a_mask_is_painted_saved_run_and_undone(editor_page: Page, studio: Any):
    page = editor_page
    original = put(studio, "picture.png", picture())
    stage = open_editor(page, "picture.png")
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_disabled()
    set_number(page, "Size", 20)
    set_number(page, "Hardness", 100)
    page.mouse.click(*at(stage, 280, 20))
    expect(undo).to_be_enabled()
    page.keyboard.press("Control+z")
    expect(undo).to_be_disabled()
    page.keyboard.press("Control+z")  # of the mask, never of the workflow below
    page.keyboard.press("Control+Shift+z")
    expect(undo).to_be_enabled()
    made = save(page, studio)

    before = Image.open(BytesIO(picture()))
    assert original.read_bytes() == picture()
    assert made.text == TEXTS
    assert made.convert("RGB").tobytes() == before.convert("RGB").tobytes()
    changed = [
        (place % WIDTH, place // WIDTH)
        for place, (one, other) in enumerate(
            zip(made.getchannel("A").tobytes(), before.getchannel("A").tobytes(), strict=True)
        )
        if one != other
    ]
    assert alpha_at(made, 280, 20) == 0
    assert 290 < len(changed) < 360  # a circle of 20 pixels, and its smoothed edge
    assert all((x - 280) ** 2 + (y - 20) ** 2 < 12**2 for x, y in changed)

    page.keyboard.press("Control+Enter")
    expect(page.locator('.react-flow__node[data-id="3"] img')).to_be_visible()
    studio.wait_idle()
    job = studio.get("/api/jobs")["jobs"][0]["id"]
    [mask] = studio.get(f"/api/jobs/{job}/values/1/1")["items"]
    alphas = made.getchannel("A").tobytes()
    assert mask["shape"] == [1, HEIGHT, WIDTH]
    assert mask["mean"] == pytest.approx(1 - sum(alphas) / len(alphas) / 255, abs=1e-5)
    assert (mask["min"], mask["max"]) == (0, 1)

    value = page.locator('[data-widget="image"]')
    expect(value).to_contain_text("clipspace/picture-masked.png")
    page.locator('.react-flow__node[data-id="1"] .node-title').click()
    page.keyboard.press("Control+z")
    expect(value).not_to_contain_text("clipspace")
    page.keyboard.press("Control+Shift+z")
    expect(value).to_contain_text("clipspace/picture-masked.png")


def test_all_tools_do_what_they_are_for(editor_page: Page, studio: Any):
    page = editor_page
    put(studio, "picture.png", picture())
    stage = open_editor(page, "picture.png")
    page.get_by_role("button", name="Clear", exact=True).click()
    stage.focus()
    page.keyboard.press("f")
    page.mouse.click(*at(stage, 250, 110))
    page.keyboard.press("r")
    drag(stage, (10, 10), (60, 50))
    page.keyboard.press("l")
    drag(stage, (100, 20), (160, 20), (130, 80))
    set_number(page, "Opacity", 50)
    page.keyboard.press("r")
    drag(stage, (10, 100), (40, 130))
    set_number(page, "Opacity", 100)
    drag(stage, (20, 20), (30, 30), button="right")
    page.keyboard.press("b")
    set_number(page, "Size", 6)
    page.mouse.click(*at(stage, 20, 180))
    page.keyboard.down("Shift")
    page.mouse.click(*at(stage, 180, 180))
    page.keyboard.up("Shift")
    page.keyboard.press("i")
    made = save(page, studio)
    kept = {  # inverted: what was painted is opaque
        "the square": [(200, 60), (299, 159)],
        "the rectangle": [(10, 10), (59, 49)],
        "the lasso": [(130, 40)],
        "the line": [(20, 180), (100, 180), (180, 180)],
    }
    gone = [(199, 60), (300, 159), (9, 10), (60, 49), (25, 25), (105, 70), (100, 190), (310, 190)]
    for what, places in kept.items():
        assert [alpha_at(made, *place) for place in places] == [255] * len(places), what
    assert [alpha_at(made, *place) for place in gone] == [0] * len(gone)
    assert alpha_at(made, 25, 115) == 128


def test_a_mask_is_grown_softened_and_cut_at_a_threshold(editor_page: Page, studio: Any):
    page = editor_page
    put(studio, "picture.png", picture())
    stage = open_editor(page, "picture.png")
    page.get_by_role("button", name="Clear", exact=True).click()
    stage.focus()
    page.keyboard.press("r")
    drag(stage, (100, 80), (140, 120))
    set_number(page, "Grow by", 10)
    page.get_by_role("button", name="Grow", exact=True).click()
    set_number(page, "Soften by", 8)
    page.get_by_role("button", name="Soften", exact=True).click()
    page.get_by_role("radio", name="Mask", exact=True).check(force=True)
    made = save(page, studio)
    edge = [alpha_at(made, x, 100) for x in range(80, 101)]
    assert edge == sorted(edge, reverse=True)
    assert edge[0] >= 250
    assert edge[-1] <= 5
    assert 100 < alpha_at(made, 90, 100) < 155  # half way at the edge, ten pixels outside the rectangle
    assert len(set(edge)) > 10

    page.keyboard.press("m")
    expect(page.get_by_role("heading", name="Mask of picture-masked.png")).to_be_visible()
    page.get_by_role("button", name="Apply threshold").click()
    page.get_by_role("button", name="Shrink", exact=True).click()
    again = save(page, studio, "picture-masked (1).png")
    columns = [x for x in range(WIDTH) if alpha_at(again, x, 100) == 0]
    assert columns == list(range(100, 140))
    assert set(again.getchannel("A").tobytes()) == {0, 255}


def test_a_mask_is_painted_by_keys_alone(editor_page: Page, studio: Any):
    page = editor_page
    put(studio, "picture.png", picture())
    stage = open_editor(page, "picture.png")
    page.keyboard.press("Control+a")
    expect(stage).to_have_attribute("aria-busy", "false")  # no stroke begins while the whole mask changes
    page.keyboard.press("ArrowRight")  # from the picture's middle, eight pixels at a time
    page.keyboard.down("Control")
    page.keyboard.down("Space")
    page.keyboard.up("Control")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.up("Space")
    expect(page.get_by_role("status", name="Under the brush")).to_have_text("168, 172: 0 % masked")
    for _ in range(30):
        page.keyboard.press("[")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("the node now shows clipspace/picture-masked.png")).to_be_visible()
    made = Image.open(studio.workspace / "input" / "clipspace" / "picture-masked.png")
    assert [alpha_at(made, 168, y) for y in (100, 130, 170)] == [255, 255, 255]
    assert alpha_at(made, 104, 172) == 0


def test_two_fingers_move_the_picture_and_paint_nothing(editor_page: Page, studio: Any):
    page = editor_page
    put(studio, "picture.png", picture())
    stage = open_editor(page, "picture.png")
    touches = page.context.new_cdp_session(page)

    def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        touches.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    x, y = at(stage, 100, 100)
    touch("touchStart", (x, y))
    touch("touchMove", (x + 10, y))
    touch("touchStart", (x + 10, y), (x + 110, y))
    touch("touchMove", (x - 40, y), (x + 160, y))
    touch("touchEnd")
    expect(page.get_by_role("button", name="Show at 100 %")).to_have_text("200 %")
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    x, y = at(stage, 160, 100)
    touch("touchStart", (x, y))
    touch("touchMove", (x + 30, y))
    touch("touchEnd")
    expect(page.get_by_role("button", name="Undo")).to_be_enabled()


def test_closing_asks_before_strokes_are_lost(editor_page: Page, studio: Any):
    page = editor_page
    put(studio, "picture.png", picture())
    stage = open_editor(page, "picture.png")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator('.react-flow__node[data-id="1"] .node-title').click(button="right")
    page.get_by_role("menuitem", name="Edit mask").click()
    expect(stage).to_be_focused()
    page.keyboard.press("Control+a")
    for _ in range(3):
        page.keyboard.press("Escape")
        expect(page.get_by_role("alertdialog")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("alertdialog")).to_have_count(0)
        expect(stage).to_be_focused()
    page.get_by_role("button", name="Close", exact=True).click()
    page.get_by_role("button", name="Discard changes").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert not list((studio.workspace / "input" / "clipspace").glob("*"))


def test_what_goes_wrong_is_said_and_the_mask_stays(editor_page: Page, studio: Any, complaints: Complaints):
    page = editor_page
    complaints.expect("404", "413", "ERR_INTERNET_DISCONNECTED", "WebSocket")
    file = put(studio, "picture.png", picture())
    stage = open_editor(page, "picture.png")
    page.keyboard.press("Control+a")
    alert = page.get_by_role("dialog").get_by_role("alert")
    file.unlink()
    page.keyboard.press("Control+s")
    expect(alert).to_contain_text("picture.png is not on the server any more")
    page.context.set_offline(True)
    page.keyboard.press("Control+s")
    expect(alert).to_contain_text("The server cannot be reached. The mask is still here")
    page.context.set_offline(False)
    refusal = {"error": {"type": "body_too_large", "message": "It is larger than 1 bytes.", "details": ""}}
    page.route("**/api/upload/mask", lambda route: route.fulfill(status=413, json=refusal))
    page.keyboard.press("Control+s")
    expect(alert).to_contain_text("does not take a file of this size: It is larger than 1 bytes.")
    page.unroute("**/api/upload/mask")
    expect(stage).to_be_visible()
    file.write_bytes(picture())
    assert set(save(page, studio).getchannel("A").tobytes()) == {0}

    (studio.workspace / "input" / "clipspace" / "picture-masked.png").unlink()
    page.keyboard.press("m")
    expect(alert).to_contain_text("picture-masked.png is not on the server any more")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_everybody_can_use_it(editor_page: Page, studio: Any, theme: Any):
    page = editor_page
    page.emulate_media(color_scheme=theme)
    put(studio, "picture.png", picture())
    open_editor(page, "picture.png")
    page.keyboard.press("Control+a")
    for tool in "brlf":
        page.keyboard.press(tool)
        assert faults(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("alertdialog")).to_be_visible()
    assert faults(page) == []


def test_a_picture_of_sixteen_million_pixels_is_masked_at_its_full_size(editor_page: Page, studio: Any):
    page = editor_page
    kept = BytesIO()
    Image.new("RGB", (4096, 4096), (40, 90, 60)).save(kept, "PNG", compress_level=1)
    put(studio, "large.png", kept.getvalue())
    open_node(page, "large.png")
    page.keyboard.press("m")
    stage = page.get_by_role("application", name="Mask canvas")
    expect(stage).to_be_focused()
    expect(stage.locator("img")).to_have_js_property("complete", True)
    expect(stage).to_have_attribute("aria-busy", "false")
    box = stage.locator("img").bounding_box()
    assert box
    # Where the middle is painted, the footer says so: nothing goes on before the stroke is there.
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.get_by_role("dialog")).to_contain_text(re.compile(r"\d+, \d+: [1-9]\d* % masked"))
    page.keyboard.press("i")
    expect(stage).to_have_attribute("aria-busy", "false")
    made = save(page, studio, "large-masked.png")
    assert made.size == (4096, 4096)
    assert alpha_at(made, 2048, 2048) == 255
    assert alpha_at(made, 4095, 4095) == 0
