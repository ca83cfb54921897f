"""How the editor's canvas holds up: `python tests/benchmarks/bench_editor.py [--nodes 1000,3000] [--server ADDRESS]`.

Opens generated workflows of real node types in headless Chromium (software rendering) and prints how long opening takes
and how long frames are (differences of `requestAnimationFrame`) while a person drags a node, pans and zooms with a real
mouse, once more while a hundred progress messages a second come in. A screen of 60 Hz has 16.7 ms for each frame.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, Route, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.editor_graphs import tiled_workflow
from tests.browser.studio import running_studio

SCREEN = {"width": 1500, "height": 900}
SCALES = {"all of it": None, "at 50 %": 0.5, "at 100 %": 1.0}
MOVES = 90  # of the mouse in each measurement
KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html"}

COLLECT = """
() => {
  window.frames_ = [];
  window.collecting_ = true;
  let before = performance.now();
  const frame = (now) => {
    window.frames_.push(now - before);
    before = now;
    if (window.collecting_) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}
"""
COLLECTED = "() => { window.collecting_ = false; return window.frames_.slice(2); }"

# Opening is measured from the page's own clock: from the workflow's arrival until a frame after all was drawn.
OPENED = """
() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => {
  const arrived = performance.getEntriesByType("resource").filter((entry) => entry.name.includes("/templates/")).at(-1);
  resolve([performance.now(), performance.now() - arrived.responseEnd]);
})))
"""

CATCH_SOCKET = """
window.WebSocket = class extends WebSocket {
  constructor(...given) { super(...given); window.socket_ = this; }
};
"""
STREAM = """
([prompt, nodes]) => {
  const say = (type, data) =>
    window.socket_.dispatchEvent(new MessageEvent("message", { data: JSON.stringify({ type, data }) }));
  let count = 0;
  say("execution_start", { prompt_id: prompt });
  window.stream_ = setInterval(() => {
    const node = nodes[Math.floor(count / 100) % nodes.length];
    const [value, max] = [count % 100, 100];
    if (value === 0) say("executing", { prompt_id: prompt, node, display_node: node });
    else say("progress", { prompt_id: prompt, node, value, max });
    count += 1;
  }, 10);
}
"""


@dataclass(frozen=True)
class Measured:
    """What a movement cost: milliseconds between frames, and processor time of the page's main thread for each."""

    frames: list[float]
    busy: float


def show(what: str, measured: Measured) -> None:
    ordered = sorted(measured.frames)
    p95 = ordered[int(len(ordered) * 0.95)]
    frames = f"{statistics.median(ordered):6.1f} ms   p95 {p95:6.1f} ms   worst {ordered[-1]:6.1f} ms"
    print(f"  {what:<40} {frames}   processor {measured.busy:5.1f} ms a frame", flush=True)


def opened(browser: Browser, address: str, workflow: dict[str, Any], bundle: Path | None) -> Page:
    """A page that shows a workflow in place of the one that the editor begins with."""
    page = browser.new_page(viewport=SCREEN)  # type: ignore[arg-type]
    page.add_init_script(CATCH_SOCKET)
    if bundle:
        serve_bundle(page, address, bundle)
    page.route("**/api/templates/*.json*", lambda route: route.fulfill(json=workflow))
    page.route("**/api/prompt", lambda route: route.fulfill(json={"prompt_id": "p1", "number": 1, "node_errors": {}}))
    page.goto(address + "/")
    page.wait_for_selector('html[data-ready="true"]', state="attached", timeout=120_000)
    page.wait_for_selector(f'.canvas[data-nodes="{len(workflow["nodes"])}"]', timeout=120_000)
    since_start, since_arrival = page.evaluate(OPENED)
    print(
        f"  opened {since_arrival:.0f} ms after it arrived, {since_start:.0f} ms after the page was asked for",
        flush=True,
    )
    return page


def serve_bundle(page: Page, address: str, folder: Path) -> None:
    """Let a bundle from a folder stand in for the server's."""

    def give(route: Route) -> None:
        name = route.request.url.split("?")[0].removeprefix(address).strip("/").removeprefix("editor/") or "index.html"
        file = folder / name
        route.fulfill(body=file.read_bytes(), content_type=KINDS[file.suffix])

    page.route(address + "/", give)
    page.route(address + "/editor/**", give)


def node_in_the_middle(page: Page, workflow: dict[str, Any]) -> tuple[float, float]:
    """Where to take hold of the title of a node that is near the middle of the screen."""
    canvas = page.locator(".canvas")
    x, y, zoom = (float(part) for part in (canvas.get_attribute("data-view") or "").split())
    corner = canvas.bounding_box()
    assert corner is not None
    titles = [
        (
            corner["x"] + x + (node["pos"][0] + node["size"][0] / 2) * zoom,
            corner["y"] + y + (node["pos"][1] - 15) * zoom,
        )
        for node in workflow["nodes"]
    ]
    return min(titles, key=lambda at: math.hypot(at[0] - SCREEN["width"] / 2, at[1] - SCREEN["height"] / 2))


def measured(page: Page, move: Callable[[], None]) -> Measured:
    session = page.context.new_cdp_session(page)
    # Time of the processor, which other programs on the machine cannot take away from.
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    begun = _main_thread_seconds(session)
    page.evaluate(COLLECT)
    move()
    frames: list[float] = page.evaluate(COLLECTED)
    busy = (_main_thread_seconds(session) - begun) * 1e3 / max(1, len(frames))
    session.detach()
    return Measured(frames, busy)


def _main_thread_seconds(session: CDPSession) -> float:
    metrics = {metric["name"]: metric["value"] for metric in session.send("Performance.getMetrics")["metrics"]}
    return float(metrics["TaskDuration"])


def drag(page: Page, workflow: dict[str, Any]) -> None:
    x, y = node_in_the_middle(page, workflow)
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(MOVES):
        page.mouse.move(x + step * 2 % 160, y + step % 80)
    page.mouse.up()


def pan(page: Page, _workflow: dict[str, Any]) -> None:
    x, y = SCREEN["width"] / 2, SCREEN["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down(button="middle")
    for step in range(MOVES):
        page.mouse.move(x - step * 6, y - step * 2)
    page.mouse.up(button="middle")


def zoom(page: Page, _workflow: dict[str, Any]) -> None:
    page.mouse.move(SCREEN["width"] / 2, SCREEN["height"] / 2)
    for step in range(MOVES):
        page.mouse.wheel(0, -40 if step < MOVES / 2 else 40)


def go_to(page: Page, scale: float | None) -> None:
    controls = page.locator(".zoom-controls button")
    if scale is None:
        controls.nth(3).click()
    else:
        controls.nth(1).click()
        if scale < 1:
            for _ in range(3):
                controls.nth(0).click()
    page.wait_for_timeout(700)  # a benchmark may wait: what is measured begins afterwards


def measure_nothing(browser: Browser) -> None:
    """What the machine makes of an empty page: everything else should be read beside it."""
    page = browser.new_page(viewport=SCREEN)  # type: ignore[arg-type]
    page.set_content("<h1>Nothing</h1>")

    def move() -> None:
        for step in range(MOVES):
            page.mouse.move(400 + step, 300)

    show("an empty page, the mouse moving", measured(page, move))
    page.close()


def measure(browser: Browser, address: str, count: int, bundle: Path | None) -> None:
    workflow = tiled_workflow(count)
    links, size = len(workflow["links"]), len(json.dumps(workflow)) / 1e6
    print(f"{len(workflow['nodes'])} nodes, {links} links, {size:.1f} MB", flush=True)
    page = opened(browser, address, workflow, bundle)
    for name, scale in SCALES.items():
        for what, move in (("dragging a node", drag), ("panning", pan), ("zooming", zoom)):
            go_to(page, scale)
            show(f"{what}, {name}", measured(page, lambda move=move: move(page, workflow)))
    go_to(page, 1.0)
    page.keyboard.press("Control+Enter")
    page.wait_for_timeout(300)
    nodes = [str(node["id"]) for node in workflow["nodes"]]
    page.evaluate(STREAM, ["p1", nodes])
    show("100 messages/s, nothing else", measured(page, lambda: page.wait_for_timeout(3000)))
    for name, scale in SCALES.items():
        go_to(page, scale)
        show(f"100 messages/s, dragging, {name}", measured(page, lambda: drag(page, workflow)))
    page.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", default="1000,3000", help="how many nodes, with commas between")
    parser.add_argument("--server", help="the address of a server that runs already; without, one is started")
    parser.add_argument("--bundle", type=Path, help="a folder with a bundle to measure instead of the server's")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        measure_nothing(browser)
        with _server(given.server, Path(folder)) as address:
            for count in given.nodes.split(","):
                measure(browser, address, int(count), given.bundle)
        browser.close()


@contextmanager
def _server(address: str | None, workspace: Path) -> Iterator[str]:
    """The address of a server: the one that is given, else of one that lasts as long as the block."""
    if address is not None:
        yield address
        return
    with running_studio(workspace) as studio:
        yield studio.address


if __name__ == "__main__":
    main()
