"""How soon the editor shows something, and can be used, on loopback: `python -m tests.benchmarks.bench_editor_start`.

Each run is a new browser context (nothing cached) on one real server with the built editor. Prints first paint, first
contentful paint and the moment at which the editor says that it is ready, in ms from navigation,
and the bytes of script.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from tests.browser.studio import READY, Studio, running_studio

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 9
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


def visit(browser: Browser, studio: Studio) -> dict[str, float]:
    """One visit of somebody who was never here."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.goto(studio.address)
    page.locator(READY).wait_for(state="attached")
    measured: dict[str, Any] = page.evaluate(
        """() => ({
            ...Object.fromEntries(performance.getEntriesByType("paint").map((entry) => [entry.name, entry.startTime])),
            ready: performance.now(),
            script: performance.getEntriesByType("resource")
                .filter((entry) => entry.name.endsWith("/main.js"))
                .reduce((sum, entry) => sum + entry.encodedBodySize, 0),
        })"""
    )
    context.close()
    return measured


def main() -> None:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    with (
        tempfile.TemporaryDirectory() as folder,
        running_studio(Path(folder)) as studio,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        visits = [visit(browser, studio) for _ in range(RUNS + 1)][1:]  # the first one warms the server and the disk
        browser.close()
    for name in ("first-paint", "first-contentful-paint", "ready", "script"):
        values = sorted(visit[name] for visit in visits)
        print(f"{name:24} min {values[0]:9.0f}  median {statistics.median(values):9.0f}  max {values[-1]:9.0f}")


if __name__ == "__main__":
    main()
