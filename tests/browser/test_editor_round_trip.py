"""Real workflows go through the real editor: opened, drawn, selected, queued, saved; nothing of them changes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route, expect

from execution.workflow import read_workflow, ui_to_prompt
from tests.browser.studio import Studio
from tests.browser.test_editor_workflows import drop, saved, tabs
from tests.parity.stock_catalogue import WORKFLOWS, differences, read
from tests.parity.test_ui_to_api import API_FILES, CATALOGUE, DIFFERENCES, UI_FILES, no_files

CONTROLS = ("randomize", "increment", "decrement")
"""What stands behind a value that goes on after it was queued."""
UPLOAD_BUTTONS = ("upload", "choose file to upload")
"""Inputs of prompts that older editors made of their buttons."""
OWN_INPUTS = {"watermark": "none"}  # not declared by the stock catalogue
CHOSEN = {
    "gh_Silverzonegames_online-sd-ui__workflows_txt2img_api.json": {"Negative text", "Positive text"},
}
"""Texts with `{alternatives}`: as in the stock editor, queueing chooses one of them."""


class Queue:
    """Stands in for the server's queue: takes what the page queues, so that nothing runs."""

    def __init__(self, page: Page) -> None:
        self.taken: list[Any] = []
        self._page = page
        page.route("**/api/prompt", self._take)

    def press(self) -> dict[str, Any]:
        """Queue the shown workflow as a person does; returns the body of the request."""
        with self._page.expect_response("**/api/prompt"):
            self._page.keyboard.press("Control+Enter")
        return self.taken[-1]

    def _take(self, route: Route) -> None:
        self.taken.append(route.request.post_data_json)
        route.fulfill(json={"prompt_id": self.taken[-1]["prompt_id"], "number": 1, "node_errors": {}})


def changes(before: Any, after: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths at which two JSON values differ; 1 and 1.0 are the same number, 1 and true are not."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in before.keys() | after.keys():
            if key in before and key in after:
                yield from changes(before[key], after[key], (*path, key))
            else:
                yield (*path, key)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for place, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from changes(one, other, (*path, place))
    elif before != after or isinstance(before, bool) != isinstance(after, bool):
        yield path


def at(document: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        document = document[step]
    return document


def goes_on(document: Any, later: Any, path: tuple[str | int, ...]) -> bool:
    """Whether a changed value of a widget has a control behind it; newer files hold such a value by its name, too."""
    if path[-2:-1] == ("widgets_values_named",):
        values = at(later, (*path[:-2], "widgets_values"))
        return any(
            value == at(later, path) and goes_on(document, later, (*path[:-2], "widgets_values", place))
            for place, value in enumerate(values)
        )
    if path[-2:-1] != ("widgets_values",) or not isinstance(path[-1], int):
        return False
    values = at(document, path[:-1])
    return path[-1] + 1 < len(values) and values[path[-1] + 1] in CONTROLS


def open_file(page: Page, file: Path, name: str) -> None:
    drop(page, f"{name}.json", file.read_bytes(), "application/json")
    expect(tabs(page)).to_have_text([f"{name} (not saved)"])


def close_file(page: Page) -> None:
    """Close the shown tab and all notices: in one turn, for it is done 172 times."""
    page.evaluate(
        """() => {
            document.querySelector(".tab[data-active=true] .icon-button").click();
            document.querySelectorAll(".notice [aria-label=Close]").forEach((button) => button.click());
        }"""
    )
    expect(tabs(page)).to_have_count(0)


def wait_until_drawn(page: Page, workflow: dict[str, Any]) -> None:
    """Wait for the element of every node; for something on the canvas where the view is too far for elements."""
    page.wait_for_function(
        """(ids) => {
            if (document.querySelector(".canvas").dataset.near === "true")
                return ids.every((id) => document.querySelector(`[data-node="${CSS.escape(id)}"]`));
            const small = new OffscreenCanvas(200, 200).getContext("2d");
            small.drawImage(document.querySelector("canvas.links"), 0, 0, 200, 200);
            return small.getImageData(0, 0, 200, 200).data.some((value) => value > 0);
        }""",
        arg=[str(node["id"]) for node in workflow["nodes"]],
    )


def select_everything(page: Page) -> None:
    page.keyboard.press("Control+a")
    page.keyboard.press("Escape")


def save_as(page: Page, studio: Studio, name: str) -> Any:
    """Save the shown workflow on the server; returns what lies there then."""
    page.keyboard.press("Control+s")
    page.get_by_label("Name", exact=True).fill(name)
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"Saved as {name}.json.")).to_be_visible()
    return read(saved(studio, name))


def test_ui_workflows_are_drawn_queued_and_saved_as_they_were(editor_page, studio, complaints):
    page, found = editor_page, {}
    complaints.expect("/api/view?")  # pictures that are not on this server
    assert len(UI_FILES) == 102
    queue = Queue(page)
    close_file(page)
    for number, file in enumerate(UI_FILES):
        original = read(file)
        open_file(page, file, f"file {number}")
        wait_until_drawn(page, original)
        select_everything(page)
        problems = [f"saved: {path}" for path in changes(original, save_as(page, studio, f"file {number}"))]
        body = queue.press()
        embedded = body["extra_data"]["extra_pnginfo"]["workflow"]
        problems += [f"queued: {path}" for path in changes(original, body["prompt"])]
        problems += [f"embedded: {path}" for path in changes(original, embedded)]
        later = queue.press()["prompt"]
        problems += [f"after: {path}" for path in changes(original, later) if not goes_on(original, later, path)]
        problems += unlike_stock(file, body["prompt"])
        if problems:
            found[file.name] = problems
        close_file(page)
    assert found == {}


def unlike_stock(file: Path, queued: dict[str, Any]) -> list[str]:
    """How the prompt of a queued workflow differs from the stock editor's; known differences are explained there."""
    stock = read(WORKFLOWS / "ui_to_api" / file.name)["output"]
    prompt = ui_to_prompt(queued, CATALOGUE, no_files).prompt
    return [f"prompt: {one}" for one in differences(prompt, stock) ^ DIFFERENCES.get(file.name, set())]


def test_api_prompts_are_laid_out_and_queued_as_they_were(editor_page, studio, complaints):
    page, found = editor_page, {}
    complaints.expect("/api/view?")
    assert len(API_FILES) == 70
    queue = Queue(page)
    close_file(page)
    for number, file in enumerate(API_FILES):
        prompt = read_workflow(file.read_bytes()).document
        open_file(page, file, f"prompt {number}")
        queued = queue.press()["prompt"]
        wait_until_drawn(page, queued)
        ours = studio.post("/api/workflow/convert", {"workflow": queued})["prompt"]
        left = {one for one in differences(ours, prompt) if not is_normalised(ours, prompt, one)}
        if left != CHOSEN.get(file.name, set()):
            found[file.name] = left
        close_file(page)
    assert found == {}


def is_normalised(ours: dict[str, Any], prompt: dict[str, Any], difference: str) -> bool:
    """What no editor keeps: defaults stand where the prompt had nothing, upload buttons send nothing.

    Three stock nodes have an input of Weft's own, which stands at its default as well.
    """
    node, _, name = difference.partition(" ")
    if node not in ours or node not in prompt:
        return False
    if name not in ours[node]["inputs"]:
        return name in UPLOAD_BUTTONS
    if name not in prompt[node]["inputs"] and ours[node]["inputs"][name] == OWN_INPUTS.get(name):
        return True
    declared = CATALOGUE[prompt[node]["class_type"]].input(name)
    is_default = declared is not None and ours[node]["inputs"][name] == declared.default(no_files)
    return is_default and name not in prompt[node]["inputs"]
