"""Running workflows in the editor: queueing, progress, results, refusals, and the panels of what waits and ran."""

import json
from random import getrandbits
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.studio import open_editor

BROKEN = b"no picture at all"
RUN_MS = 60_000  # before a run that does not end is given up


def queue(page: Page) -> None:
    page.keyboard.press("Control+Enter")


def idle(page: Page) -> None:
    """Wait until the page knows that nothing of its own runs any more."""
    expect(page.locator(".cancel-run")).to_have_count(0, timeout=RUN_MS)


def node(page: Page, node_id: int):
    return page.locator(f'.node[data-node="{node_id}"]')


def picture(page: Page, node_id: int):
    """The picture that a node shows, once it is there."""
    found = node(page, node_id).get_by_role("button", name="Enlarge")
    expect(found).to_be_visible(timeout=RUN_MS)
    return found


def badge(page: Page, node_id: int):
    return node(page, node_id).locator(".node-badge")


def open_workflow(page: Page, workflow: dict[str, Any], name: str = "opened") -> None:
    """Drop a workflow's file on the canvas; it opens in a tab of its own."""
    transfer = page.evaluate_handle(
        """([name, text]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([text], name, { type: "application/json" }));
            return transfer;
        }""",
        [f"{name}.json", json.dumps(workflow)],
    )
    page.dispatch_event(".canvas-area", "drop", {"dataTransfer": transfer})
    expect(page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")


def small(studio) -> dict[str, Any]:
    """The default workflow, 5 steps of it, with a seed of its own that stays: a second run has nothing to do."""
    workflow = studio.get("/api/templates/default.json?fit=true")
    for one in workflow["nodes"]:
        if one["type"] == "KSamplerAdvanced":
            add_noise, _, _, _, cfg, sampler, scheduler, start, *_, leftover = one["widgets_values"]
            start, end = (0, 4) if start == 0 else (4, 10_000)
            one["widgets_values"] = [
                add_noise,
                getrandbits(32),
                "fixed",
                5,
                cfg,
                sampler,
                scheduler,
                start,
                end,
                leftover,
            ]
    return workflow


def picture_loader(studio, name: str) -> dict[str, Any]:
    """A workflow that reads a picture of the input folder and shows it."""
    return {
        "last_node_id": 2,
        "last_link_id": 1,
        "nodes": [
            {
                "id": 1,
                "type": "LoadImage",
                "pos": [100, 100],
                "size": [300, 300],
                "outputs": [
                    {"name": "IMAGE", "type": "IMAGE", "links": [1]},
                    {"name": "MASK", "type": "MASK", "links": None},
                ],
                "widgets_values": [name, "image"],
            },
            {
                "id": 2,
                "type": "PreviewImage",
                "pos": [500, 100],
                "size": [300, 300],
                "inputs": [{"name": "images", "type": "IMAGE", "link": 1}],
            },
        ],
        "links": [[1, 1, 0, 2, 0, "IMAGE"]],
        "version": 0.4,
    }


def saver(workflow: dict[str, Any]) -> int:
    return next(one["id"] for one in workflow["nodes"] if one["type"] == "SaveImage")


def loader(workflow: dict[str, Any]) -> int:
    return next(one["id"] for one in workflow["nodes"] if one["type"] == "CheckpointLoaderSimple")


def test_a_run_shows_its_picture_its_times_and_afterwards_why_nothing_had_to_run(editor_page, studio):
    page, workflow = editor_page, small(studio)
    open_workflow(page, workflow)
    page.get_by_role("button", name="Queue", exact=True).first.click()
    expect(page.get_by_role("progressbar", name="Progress of the run")).to_be_visible()
    shown = picture(page, saver(workflow))
    expect(badge(page, saver(workflow))).to_contain_text("s")
    idle(page)
    queue(page)
    expect(badge(page, saver(workflow))).to_have_text("cached", timeout=RUN_MS)
    badge(page, loader(workflow)).hover()
    expect(page.locator(".node-facts")).to_contain_text("did not run: its result was known")
    idle(page)
    shown.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("img")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_undo_leaves_results_where_they_are_and_a_reload_finds_them_again(editor_page, studio):
    page, workflow = editor_page, small(studio)
    open_workflow(page, workflow)
    queue(page)
    shown = picture(page, saver(workflow))
    idle(page)
    node(page, saver(workflow)).locator(".node-title").click()
    page.keyboard.press("Delete")
    expect(node(page, saver(workflow))).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(shown).to_be_visible()
    _keep(page, saver(workflow))
    page.reload()
    expect(shown).to_be_visible()
    expect(badge(page, saver(workflow))).to_be_visible()


def test_what_is_refused_stands_on_its_node_and_goes_when_the_node_is_changed(editor_page, studio, complaints):
    complaints.expect("status of 400")
    page, workflow = editor_page, small(studio)
    target = next(one for one in workflow["nodes"] if one["id"] == saver(workflow))
    link = target["inputs"][0]["link"]
    target["inputs"][0]["link"] = None
    workflow["links"] = [one for one in workflow["links"] if one[0] != link]
    open_workflow(page, workflow)
    queue(page)
    expect(page.locator(".notice")).to_contain_text("Not queued")
    expect(node(page, target["id"])).to_contain_text("“images” is needed")
    expect(node(page, target["id"])).to_have_attribute("data-state", "failed")
    assert studio.get("/queue") == {"queue_running": [], "queue_pending": []}
    field = node(page, target["id"]).get_by_label("filename_prefix")
    field.fill("other")
    field.press("Enter")
    expect(node(page, target["id"])).not_to_contain_text("“images” is needed")


def test_a_missing_model_can_be_stood_in_for(editor_page, studio, complaints):
    complaints.expect("status of 400")
    page, workflow = editor_page, small(studio)
    target = next(one for one in workflow["nodes"] if one["id"] == loader(workflow))
    target["widgets_values"] = ["sd_xl_base_1.0.safetensors"]
    open_workflow(page, workflow)
    queue(page)
    notice = page.locator(".notice").filter(has_text="Files are missing")
    expect(notice).to_contain_text("sd_xl_base_1.0.safetensors")
    expect(node(page, target["id"])).to_have_attribute("data-state", "failed")
    notice.get_by_role("button", name="Run with what is there instead").click()
    expect(page.locator(".notice").filter(has_text="Queued. The server notes")).to_be_visible()
    picture(page, saver(workflow))


def test_a_node_that_fails_says_so_and_the_history_tells_it(editor_page, studio, complaints):
    complaints.expect("status of 422")  # the node shows the picture that it is to read
    page = editor_page
    (studio.workspace / "input").mkdir(exist_ok=True)
    (studio.workspace / "input" / "broken.png").write_bytes(BROKEN)
    open_workflow(page, picture_loader(studio, "broken.png"))
    queue(page)
    expect(node(page, 1)).to_contain_text("is not a picture", timeout=RUN_MS)
    expect(node(page, 1)).to_have_attribute("data-state", "failed")
    idle(page)
    page.get_by_role("button", name="History").click()
    entry = page.locator(".history-panel .job").first
    expect(entry).to_contain_text("Failed")
    expect(entry.locator(".job-error")).to_contain_text("is not a picture")
    (studio.workspace / "input" / "broken.png").unlink()


def test_only_what_a_node_needs_runs_up_to_it(editor_page, studio):
    page, workflow = editor_page, small(studio)
    decoder = next(one["id"] for one in workflow["nodes"] if one["type"] == "VAEDecode")
    open_workflow(page, workflow)
    node(page, decoder).locator(".node-title").click(button="right")
    page.get_by_role("menuitem", name="Run up to the selected nodes").click()
    picture(page, decoder)
    idle(page)
    assert node(page, saver(workflow)).get_by_role("button", name="Enlarge").count() == 0
    assert studio.get("/api/outputs")["total"] == 0


def test_the_queue_can_be_paused_reordered_and_cleared(editor_page, studio):
    page, workflow = editor_page, small(studio)
    open_workflow(page, workflow)
    page.get_by_role("button", name="Queue", exact=True).and_(page.locator(".rail button")).click()
    page.get_by_role("button", name="Pause").click()
    page.get_by_label("Reason").fill("A new driver.")
    page.keyboard.press("Enter")
    panel = page.locator(".queue-panel")
    expect(panel).to_contain_text("The queue is paused. A new driver.")
    for prompt in ("the first", "the second", "the third"):
        studio.queue(_with_prompt(workflow, prompt))
    names = panel.locator(".job[data-status=pending] .job-name")
    expect(names).to_have_text(["the first", "the second", "the third"])
    expect(panel.locator(".job-other")).to_have_count(3)
    panel.locator(".job[data-status=pending]").nth(2).focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(names).to_have_text(["the first", "the third", "the second"])
    panel.locator(".job[data-status=pending]").nth(2).drag_to(panel.locator(".job[data-status=pending]").nth(0))
    expect(names).to_have_text(["the second", "the first", "the third"])
    panel.get_by_role("button", name="Cancel: the first").click()
    expect(names).to_have_text(["the second", "the third"])
    panel.get_by_role("button", name="Clear").click()
    panel.get_by_role("button", name="Take them out").click()
    expect(panel).to_contain_text("Nothing runs and nothing waits.")
    panel.get_by_role("button", name="Resume").click()
    expect(panel.get_by_role("button", name="Pause")).to_be_visible()


def test_a_long_run_is_cancelled(editor_page, studio):
    page, workflow = editor_page, small(studio)
    for one in workflow["nodes"]:
        if one["type"] == "KSamplerAdvanced":
            one["widgets_values"][3] = one["widgets_values"][8] = 5000
    open_workflow(page, workflow)
    queue(page)
    expect(page.locator('.node[data-type="KSamplerAdvanced"][data-state=running]')).to_be_visible(timeout=RUN_MS)
    expect(page.locator(".run-left")).to_contain_text("left")
    page.keyboard.press("Control+Alt+Enter")
    idle(page)
    assert page.locator(".node[data-state=running]").count() == 0
    page.get_by_role("button", name="History").click()
    expect(page.locator(".history-panel .job").first).to_contain_text("Cancelled")


def test_the_history_opens_runs_again_and_forgets(editor_page, studio):
    page, workflow = editor_page, small(studio)
    studio.queue(_with_prompt(workflow, "a red circle, twice"))
    studio.wait_idle()
    page.get_by_role("button", name="History").click()
    jobs = page.locator(".history-panel .job")
    expect(jobs).to_have_count(1)
    expect(jobs.first).to_contain_text("a red circle, twice")
    jobs.first.get_by_role("button", name="Run again").click()
    expect(jobs).to_have_count(2, timeout=RUN_MS)
    jobs.first.get_by_role("button", name="Open the workflow").click()
    expect(page.get_by_role("tab", name="a red circle, twice")).to_be_visible()
    jobs.first.get_by_role("button", name="Remove from the history").click()
    expect(jobs).to_have_count(1)
    assert len(studio.get("/history")) == 1


def test_several_at_once_each_with_its_own_seed(page, studio, complaints):
    studio.clean()
    open_editor(page, studio)
    studio.post("/api/queue/pause", {})
    page.get_by_label("How many times").fill("3")
    page.get_by_role("button", name="Queue", exact=True).and_(page.locator(".queue-button")).click()
    expect(page.locator(".queue-chip").filter(has_text="3 in the queue")).to_be_visible()
    prompts = [entry[2] for entry in studio.get("/queue")["queue_pending"]]
    seeds = {
        one["inputs"]["noise_seed"]
        for prompt in prompts
        for one in prompt.values()
        if one["inputs"].get("add_noise") == "enable"
    }
    assert len(seeds) == 3


def _keep(page: Page, node_id: int) -> None:
    """Let the editor keep its tabs, as when its page is hidden, and wait until a workflow with a node is kept."""
    page.evaluate("window.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_function(
        """async (id) => {
            const answer = (request) => new Promise((done) => (request.onsuccess = () => done(request.result)));
            const database = await answer(indexedDB.open("weft"));
            const drafts = await answer(database.transaction("drafts").objectStore("drafts").getAll());
            database.close();
            return drafts.some((one) => one.name === "opened" && one.workflow.nodes.some((node) => node.id === id));
        }""",
        arg=node_id,
    )


def _with_prompt(workflow: dict[str, Any], text: str) -> dict[str, Any]:
    """The workflow with another text in its first text area."""
    changed = json.loads(json.dumps(workflow))
    for one in changed["nodes"]:
        if one["type"] == "CLIPTextEncode" and one["widgets_values"][0]:
            one["widgets_values"] = [text]
    return changed
