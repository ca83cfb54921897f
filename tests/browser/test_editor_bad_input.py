"""Files that are no workflows, or broken ones: a clear sentence, nothing lost, nothing executed."""

import io
import struct
import zlib
from typing import Any

from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.test_editor_running import open_workflow, queue
from tests.browser.test_editor_workflows import drop, tabs

MARKUP = (
    '<img src=x onerror="window.executed=1"><svg onload="window.executed=1"></svg><script>window.executed=1</script>'
)
ELSEWHERE = "https://elsewhere.invalid"
MARKDOWN = f"""{MARKUP}

[link](javascript:window.executed=1) ![one]({ELSEWHERE}/a.png) ![two](/\\elsewhere.invalid/b.png)

<img srcset="{ELSEWHERE}/c.png 1x"> <svg><image href="{ELSEWHERE}/d.png"/></svg>
<video poster="{ELSEWHERE}/e.png"></video>
<picture><source srcset="{ELSEWHERE}/f.png"><img alt="none"></picture> <input type="image" src="{ELSEWHERE}/g.png">
<table background="{ELSEWHERE}/h.png"><tr><td background="{ELSEWHERE}/i.png">cell</td></tr></table>
<style>@import "{ELSEWHERE}/j.css"</style> <a href="javascript:window.executed=1">second</a> the end of the note
"""


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    """A small picture with further chunks behind its header."""
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "PNG")
    plain = buffer.getvalue()
    extra = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return plain[:33] + extra + plain[33:]


REFUSED = {
    "broken.json": (b'{"nodes": [', "it ends in the middle"),
    "wrong.json": (b'{\n "nodes": [}\n', "line 2"),
    "empty.json": (b"", "This file is empty"),
    "blank.json": (b" \n", "This file is empty"),
    "list.json": (b"[1, 2]", "it has a list"),
    "other.json": (b'{"answer": 42}', "it has 'answer'"),
    "page.json": (b"<!doctype html><title>Not found</title>", "it is a web page"),
    "notes.txt": (b"Buy milk.", "This file is not JSON"),
    "plain.png": (png(), "This picture carries no workflow"),
    "cut off.png": (png()[:40], "This picture carries no workflow"),
    "damaged.png": (png((b"tEXt", b'workflow\0{"nodes": [')), "The workflow in this file cannot be read"),
    "packed.png": (png((b"zTXt", b"workflow\0\0garbage")), "its packed text is damaged"),
    "program.bin": (bytes(range(256)), "This is no file that can hold a workflow"),
}


def note(node_id: Any, **fields: Any) -> dict[str, Any]:
    place = {"pos": [100, 100], "size": [200, 100]}
    return {"id": node_id, "type": "Note", **place, "flags": {}, "mode": 0, "widgets_values": ["text"], **fields}


def workflow(*nodes: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"nodes": list(nodes), "links": [], "groups": [], "version": 0.4, **fields}


def upscale(node_id: int, incoming: int, outgoing: int) -> dict[str, Any]:
    return note(
        node_id,
        type="LatentUpscale",
        pos=[300 * node_id, 100],
        inputs=[{"name": "samples", "type": "LATENT", "link": incoming}],
        outputs=[{"name": "LATENT", "type": "LATENT", "links": [outgoing]}],
        widgets_values=["nearest-exact", 512, 512, "disabled"],
    )


def close_notices(page: Page) -> None:
    page.evaluate("document.querySelectorAll('.notice [aria-label=Close]').forEach((button) => button.click())")


def close_tab(page: Page) -> None:
    count = tabs(page).count()
    page.locator(".tab[data-active=true] .icon-button").click()
    expect(tabs(page)).to_have_count(count - 1)
    close_notices(page)


def test_what_is_no_workflow_is_refused_with_a_sentence_and_changes_nothing(editor_page):
    page = editor_page
    expect(page.locator(".node").first).to_be_visible()
    nodes = page.locator(".node").count()
    for name, (content, sentence) in REFUSED.items():
        drop(page, name, content, "")
        notice = page.locator(".notice").filter(has_text=f"{name} cannot be opened.")
        expect(notice).to_contain_text(sentence)
        close_notices(page)
    expect(tabs(page)).to_have_count(1)
    assert page.locator(".node").count() == nodes


def test_broken_workflows_open_as_far_as_they_go_and_say_what_is_wrong(editor_page):
    page = editor_page
    dangling = [{"name": "model", "type": "MODEL", "link": 7}, {"name": "positive", "type": "CONDITIONING", "link": 99}]
    nowhere = workflow(
        note(1, type="KSampler", inputs=dangling), links=[[7, 55, 0, 1, 0, "MODEL"], [8, 1, 5, 77, 3, "LATENT"], "x"]
    )
    cases = {
        "nowhere": (nowhere, 1, ["Links to nodes or sockets that are not there: 2", "Links that cannot be read: 1"]),
        "twice": (workflow(note(1), note(1, pos=[400, 100])), 2, ["Two nodes have the id 1"]),
        "no nodes": (workflow(), 0, []),
        "nodes that are none": (workflow(note(1), 5, None, "node"), 1, ["Entries among the nodes that are none"]),  # type: ignore[arg-type]
    }
    for name, (document, nodes, sentences) in cases.items():
        open_workflow(page, document, name)
        expect(page.locator(".node")).to_have_count(nodes)
        for sentence in sentences:
            expect(page.locator(".notice").filter(has_text=sentence)).to_be_visible()
        close_tab(page)


def test_absurd_numbers_are_shown_where_they_can_be_seen(editor_page):
    page = editor_page
    text = """{"nodes": [
        {"id": 1, "type": "KSampler", "pos": [1e308, -1e308], "size": [1e308, NaN],
         "widgets_values": [1e308, "fixed", -Infinity, 1e400, "euler", "normal", NaN]},
        {"id": 1e300, "type": "Note", "pos": [300, 0], "size": [-5, 0], "widgets_values": ["a"]},
        {"id": -3, "type": "Note", "pos": "abc", "size": null, "widgets_values": ["a"], "mode": 1e99, "flags": null}],
        "links": [], "groups": [{"title": 1, "bounding": [1e308, 1e308, 1e308, 1e308]}], "version": 0.4,
        "extra": {"ds": {"scale": 1e308, "offset": [1e308, NaN]}}}"""
    drop(page, "numbers.json", text.encode(), "application/json")
    expect(page.get_by_text("Numbers that JSON does not have")).to_be_visible()
    expect(page.locator(".node")).to_have_count(3)
    for node in page.locator(".node").all():
        expect(node).to_be_in_viewport()


def test_circles_can_be_edited_and_are_refused_when_queued(editor_page, studio, complaints):
    complaints.expect("status of 400")
    page = editor_page
    shows = note(
        3,
        type="VAEDecode",
        pos=[900, 100],
        inputs=[{"name": "samples", "type": "LATENT", "link": 3}, {"name": "vae", "type": "VAE", "link": None}],
        outputs=[{"name": "IMAGE", "type": "IMAGE", "links": [4]}],
        widgets_values=[],
    )
    saves = note(
        4,
        type="SaveImage",
        pos=[1200, 100],
        inputs=[{"name": "images", "type": "IMAGE", "link": 4}],
        widgets_values=["circle"],
    )
    first, second = upscale(1, incoming=2, outgoing=1), upscale(2, incoming=1, outgoing=2)
    second["outputs"][0]["links"] = [2, 3]
    links = [[1, 1, 0, 2, 0, "LATENT"], [2, 2, 0, 1, 0, "LATENT"], [3, 2, 0, 3, 0, "LATENT"], [4, 3, 0, 4, 0, "IMAGE"]]
    open_workflow(page, workflow(first, second, shows, saves, links=links), "circle")
    expect(page.locator(".node")).to_have_count(4)
    queue(page)
    expect(page.locator(".notice")).to_contain_text("Dependency cycle")
    assert studio.get("/queue")["queue_pending"] == []


def test_a_subgraph_that_contains_itself_can_be_entered_and_is_refused_when_queued(editor_page, studio, complaints):
    complaints.expect("status of 400")
    page = editor_page
    definition = {
        "id": "5bb8bd72-0000-4000-8000-000000000001",
        "version": 1,
        "name": "ouroboros",
        "inputNode": {"id": -10, "bounding": [0, 0, 120, 60]},
        "outputNode": {"id": -20, "bounding": [600, 0, 120, 60]},
        "inputs": [],
        "outputs": [],
        "links": [],
        "groups": [],
    }
    inner = note(2, type=definition["id"], title="the same", widgets_values=[])
    outer = note(1, type=definition["id"], title="whole", widgets_values=[])
    saves = note(3, type="SaveImage", pos=[500, 100], widgets_values=["ouroboros"])
    document = workflow(outer, definitions={"subgraphs": [{**definition, "nodes": [inner, saves]}]})
    open_workflow(page, document, "ouroboros")
    for title in ("whole", "the same", "the same"):
        page.locator(".node[data-subgraph]").filter(has_text=title).dblclick(position={"x": 100, "y": 60})
        expect(page.locator(".node[data-subgraph]").filter(has_text="the same")).to_be_visible()
    queue(page)
    expect(page.locator(".notice")).to_contain_text("'ouroboros' contains itself")


def test_nothing_in_a_workflow_is_executed_or_fetched_from_elsewhere(editor_page, studio, complaints):
    complaints.expect("inline event handler", "status of 400", "status of 404")
    page = editor_page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    socket = {"name": MARKUP, "type": MARKUP, "link": None, "widget": {"name": MARKUP}}
    document = workflow(
        note(1, title=MARKUP, widgets_values=[MARKUP]),
        note(2, type="MarkdownNote", pos=[400, 100], size=[400, 300], widgets_values=[MARKDOWN]),
        note(3, type="KSampler", pos=[900, 100], title=MARKUP, widgets_values=[1, "fixed", 20, 8, MARKUP, MARKUP, 1]),
        note(
            4,
            type=MARKUP,
            pos=[100, 400],
            inputs=[socket],
            outputs=[{"name": MARKUP, "type": MARKUP, "links": None}],
            widgets_values=[MARKUP],
            color=f"red;background:url({ELSEWHERE}/k.png)",
            bgcolor=f"url({ELSEWHERE}/l.png)",
        ),
        note(5, type="CheckpointLoaderSimple", pos=[400, 500], widgets_values=[MARKUP]),
        groups=[{"title": MARKUP, "bounding": [0, 0, 1200, 900], "color": f"url({ELSEWHERE}/m.png)"}],
    )
    open_workflow(page, document, "hostile")
    expect(page.locator(".node")).to_have_count(5)
    expect(page.locator('.node[data-node="2"]')).to_contain_text("the end of the note")
    queue(page)
    expect(page.locator(".notice").filter(has_text="does not have these node types")).to_be_visible()
    page.get_by_role("button", name="Show", exact=True).first.click()
    assert page.evaluate("window.executed") is None
    assert [address for address in asked if not address.startswith((studio.address, "data:", "blob:"))] == []
    assert page.locator('a[href^="javascript"]').count() == 0


def test_names_that_mean_something_to_javascript_are_names_like_others(editor_page, studio, complaints):
    complaints.expect("status of 400")
    page = editor_page
    text = """{"nodes": [
        {"id": 1, "type": "__proto__", "pos": [0, 0], "size": [200, 100], "properties": {"__proto__": {"polluted": 1}},
         "inputs": [{"name": "__proto__", "type": "constructor", "link": null},
                    {"name": "constructor", "type": "__proto__", "link": 1, "widget": {"name": "constructor"}}],
         "widgets_values": {"__proto__": "x", "constructor": 3, "toString": 4}},
        {"id": "__proto__", "type": "constructor", "pos": [300, 0], "size": [200, 100], "widgets_values": ["a"],
         "outputs": [{"name": "toString", "type": "hasOwnProperty", "links": [1]}]},
        {"id": "toString", "type": "toString", "pos": [600, 0]}],
        "links": [[1, "__proto__", 0, 1, 1, "__proto__"]],
        "groups": [{"title": "__proto__", "bounding": [0, 0, 500, 300], "color": "constructor"}],
        "version": 0.4, "__proto__": {"polluted": 2}}"""
    drop(page, "names.json", text.encode(), "application/json")
    expect(page.locator(".node")).to_have_count(3)
    queue(page)
    expect(page.locator(".notice").filter(has_text="does not have these node types")).to_contain_text("__proto__")
    prompt = '{"__proto__": {"class_type": "__proto__", "inputs": {"__proto__": ["constructor", 0], "toString": 3}},'
    prompt += '"constructor": {"class_type": "constructor", "inputs": {}}}'
    drop(page, "prompt.json", prompt.encode(), "application/json")
    expect(page.locator(".node")).to_have_count(2)
    assert page.evaluate("({}).polluted") is None


def test_a_workflow_of_50_mb_opens_and_the_page_answers(editor_page, complaints):
    complaints.expect("status of 413")
    page = editor_page
    page.evaluate(
        """() => {
            const names = ["model", "positive", "negative", "latent_image"];
            const inputs = names.map((name) => ({ name, type: "*", link: null }));
            const widgets_values = [1, "fixed", 20, 8, "euler", "normal", 1];
            const sampler = { type: "KSampler", size: [270, 262], inputs, widgets_values };
            const nodes = Array.from({ length: 190_000 }, (_, n) =>
                ({ ...sampler, id: n + 1, pos: [(n % 400) * 300, Math.floor(n / 400) * 300] }));
            const text = JSON.stringify({ nodes, links: [], groups: [], version: 0.4 });
            window.bytes = text.length;
            const transfer = new DataTransfer();
            transfer.items.add(new File([text], "large.json"));
            document.querySelector(".canvas-area").dispatchEvent(
                new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
        }"""
    )
    expect(tabs(page)).to_have_count(2)
    assert page.evaluate("window.bytes") > 50_000_000
    page.get_by_role("button", name="New workflow").click()
    expect(tabs(page)).to_have_count(3)
    tabs(page).nth(1).click()
    queue(page)
    expect(page.locator(".notice").filter(has_text="The workflow is too large for the server.")).to_be_visible()
    close_tab(page)
    expect(tabs(page)).to_have_count(2)
