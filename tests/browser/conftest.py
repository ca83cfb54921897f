"""Chromium, driven by Playwright, as one page for each test."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.browser.studio import Complaints, Studio, open_editor, running_studio

SCREEN: ViewportSize = {"width": 1400, "height": 900}
ACTION_SECONDS = 60


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The machine's own Chromium: `apt-get install chromium`.

    Not for the whole session: while Playwright is there an event loop runs, beside which nothing can use `asyncio.run`.
    """
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        message = "Chromium is not on this machine (Debian: apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        # Root, as in containers, cannot use Chromium's sandbox; containers often have a small /dev/shm.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page, with storage of its own."""
    context = browser.new_context(viewport=SCREEN)
    context.set_default_timeout(1000 * ACTION_SECONDS)
    expect.set_options(timeout=1000 * ACTION_SECONDS)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A real server and worker with the bundled checkpoints, the built editor at `/`."""
    with running_studio(tmp_path_factory.mktemp("studio")) as studio:
        yield studio


@pytest.fixture
def complaints(page: Page) -> Iterator[Complaints]:
    """Of the test's page; it fails the test if any is left that `complaints.expect` did not name."""
    complaints = Complaints(page)
    yield complaints
    assert complaints.unexpected == []


@pytest.fixture
def editor_page(studio: Studio, page: Page, complaints: Complaints) -> Page:
    """The editor, freshly opened, on a server without jobs, saved workflows or settings of earlier tests."""
    studio.clean()
    open_editor(page, studio)
    return page
