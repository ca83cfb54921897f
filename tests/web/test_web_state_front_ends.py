"""What a browser finds: Weft's own page and the stock front end, driven in Chromium where it is installed."""

import asyncio
import shutil
import subprocess
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.web.helpers.serving import NOBODY, Served, serving
from web import stock_front_end
from web.routes.status_page import PAGE as STATUS_PAGE

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_browser = pytest.mark.skipif(
    CHROMIUM is None or find_spec("playwright") is None, reason="there is no Chromium with Playwright here"
)
needs_stock = pytest.mark.skipif(
    find_spec(stock_front_end.STOCK_PACKAGE) is None,
    reason=f"comfyui-frontend-package=={stock_front_end.STOCK_VERSION} is not here",
)


@asynccontextmanager
async def browsing(**context):
    """A browser page, and the list of what went wrong in it."""
    from playwright.async_api import async_playwright

    wrong: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        try:
            page = await (await browser.new_context(**context)).new_page()
            page.set_default_timeout(60_000)
            page.on("console", lambda said: said.type == "error" and wrong.append(f"{said.text} {said.location}"))
            page.on("pageerror", lambda error: wrong.append(str(error)))
            yield page, wrong
        finally:
            await browser.close()


def test_the_status_page_and_its_files(tmp_path):
    async def test(server: Served) -> None:
        async with server.session.get(server.url + "/status") as answer:
            text = await answer.text()
            assert answer.status == 200 and answer.content_type == "text/html"
            assert answer.headers["Cache-Control"] == "no-cache"
            policy = answer.headers["Content-Security-Policy"]
            assert "script-src 'self';" in policy and "frame-ancestors 'self'" in policy
            assert "<script>" not in text and " onclick" not in text and 'lang="en"' in text
        types = {"status.js": "text/javascript", "rows.js": "text/javascript", "status.css": "text/css"}
        for name, kind in {**types, "icon.svg": "image/svg+xml"}.items():
            async with server.session.get(f"{server.url}/status/page/{name}") as answer:
                assert (answer.status, answer.content_type) == (200, kind)
            async with server.session.head(f"{server.url}/status/page/{name}") as answer:
                assert answer.status == 200
        async with server.session.head(server.url + "/status") as answer:
            assert answer.status == 200
        await server.get("/status/page/index.html", 404)
        for path in ("/none.js", "/../web/app.py", "/..%2Fapp.py", "/api/status.js", "//etc/passwd", "/user.css"):
            await server.get(path, 404)
        await server.post("/status/page/status.js", {}, 405)

    serving(tmp_path, test, NOBODY)


def test_the_state_of_a_server_without_work(tmp_path):
    async def test(server: Served) -> None:
        state = await server.get("/api/status")
        assert state["running"] == state["pending"] == state["ended"] == state["workers"] == []
        assert (state["pending_total"], state["paused"]) == (0, None) and state["seconds"] >= 0
        await server.post("/queue/pause", {"reason": "lunch"})
        assert (await server.get("/api/status"))["paused"] == "lunch"

    serving(tmp_path, test, NOBODY)


def test_the_state_of_jobs(tmp_path):
    async def test(server: Served) -> None:
        await server.ready()
        good = {"1": {"class_type": "Show", "inputs": {"text": "x"}, "_meta": {"title": "My picture"}}}
        job = await server.queue(good)
        await server.ended(job)
        await server.post("/queue/pause", {})
        first, second = await server.queue(good), await server.queue(good, front=True)
        state = await server.get("/api/status")
        assert [(ended["id"], ended["outputs"]) for ended in state["ended"]] == [(job, ["My picture"])]
        assert [pending["id"] for pending in state["pending"]] == [second, first]
        assert state["pending_total"] == 2 and state["workers"][0]["status"] == "ready"

    serving(tmp_path, test)


def test_the_stock_front_end_that_is_not_installed(tmp_path, monkeypatch):
    monkeypatch.setattr(stock_front_end, "STOCK_PACKAGE", "no_such_package_here")

    async def test(server: Served) -> None:
        error = (await server.get("/", 503))["error"]
        assert "not installed" in error["message"]
        assert f"pip install comfyui-frontend-package=={stock_front_end.STOCK_VERSION}" in error["details"]
        assert await server.get("/extensions") == []
        await server.get("/scripts/api.js", 404)
        assert (await server.get("/queue"))["queue_pending"] == []

    serving(tmp_path, test, NOBODY, front_end="comfyui")


def stock_folder(folder: Path) -> Path:
    """An installed front end in small."""
    files = {
        "static/index.html": "<html></html>", "static/scripts/api.js": "1", "static/extensions/core/a.js": "2",
        "static/assets/index-1.js": "3", "static/fonts/x.woff2": "4", "static/materialdesignicons.min.css": "5",
        "static/assets/x.png": "6", "__init__.py": "raise ImportError('it is not to be imported')",
    }  # fmt: skip
    for name, text in files.items():
        path = folder / "small_stock" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_files_of_the_stock_front_end(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(stock_folder(tmp_path / "packages")))
    monkeypatch.setattr(stock_front_end, "STOCK_PACKAGE", "small_stock")

    async def test(server: Served) -> None:
        expected = {
            "": ("text/html", "no-cache"), "scripts/api.js": ("text/javascript", "no-cache"),
            "assets/index-1.js": ("text/javascript", "no-cache"), "fonts/x.woff2": ("font/woff2", None),
            "materialdesignicons.min.css": ("text/css", "no-cache"), "user.css": ("text/css", "no-cache"),
            "assets/x.png": ("image/png", "public, max-age=86400"),
            "extensions/core/a.js": ("text/javascript", "no-cache"),
            "templates/index.json": ("application/json", "no-cache"), "api/userdata/user.css": ("text/css", "no-cache"),
        }  # fmt: skip
        for path, (kind, caching) in expected.items():
            async with server.session.get(f"{server.url}/{path}") as answer:
                assert (path, answer.status, answer.content_type) == (path, 200, kind)
                assert answer.headers.get("Cache-Control") == caching
        assert await server.get("/extensions") == ["/extensions/core/a.js"]
        assert await server.get("/api/userdata/comfy.templates.json") == []
        await server.get("/assets/none.png", 404)
        assert "--disable-api-nodes" in (await server.get("/system_stats"))["system"]["argv"]

    serving(tmp_path / "workspace", test, NOBODY, front_end="comfyui")


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_status_page_in_a_browser(tmp_path, scheme):
    async def test(server: Served) -> None:
        await server.ready()
        await server.post("/queue/pause", {"reason": "a test"})
        shown = {"1": {"class_type": "Show", "inputs": {"text": "x"}, "_meta": {"title": "First <b>job</b>"}}}
        await server.queue(shown)
        async with browsing(color_scheme=scheme) as (page, wrong):
            await page.goto(server.url + "/status")
            await page.get_by_text("Paused: a test").wait_for()
            await page.get_by_text("First <b>job</b>").wait_for()
            shown["1"]["_meta"]["title"] = "Second job"
            await server.queue(shown)
            await page.get_by_text("2 waiting").wait_for()
            await page.get_by_role("button", name="Cancel Second job").click()
            await page.get_by_text("1 waiting").wait_for()
            await page.get_by_role("button", name="Resume").click()
            await page.get_by_text("Nothing runs and nothing waits.").wait_for()
            await page.get_by_text("Done", exact=True).wait_for()
            await page.get_by_text("Cancelled", exact=True).wait_for()
            for link in await page.locator("nav a").all():
                target = await link.get_attribute("href")
                if target != "./":  # the editor, which this test does not build
                    await server.session.get(f"{server.url}/{target}", raise_for_status=True)
            assert await page.evaluate(UNLABELLED) == []
            assert wrong == []

    serving(tmp_path, test)


UNLABELLED = """() => [...document.querySelectorAll('button, img, [role=progressbar], section, nav')].filter((one) => {
  if (one.tagName === 'IMG') return !one.hasAttribute('alt');
  if (one.tagName === 'BUTTON') return !one.textContent && !one.hasAttribute('aria-label');
  return !one.hasAttribute('aria-label') && !one.hasAttribute('aria-labelledby');
}).map((one) => one.outerHTML)"""


@needs_browser
@needs_stock
def test_the_stock_front_end_boots_without_errors(tmp_path):
    async def test(server: Served) -> None:
        await server.ready()
        async with browsing(viewport={"width": 1280, "height": 800}) as (page, wrong):
            await page.goto(server.url + "/")
            await page.wait_for_function("() => window.app?.graph && !document.getElementById('splash-loader')")
            await page.get_by_test_id("queue-button").or_(page.get_by_role("button", name="Run")).first.wait_for()
            async with asyncio.timeout(60):
                while not (tmp_path / "user/default/comfy.settings.json").exists():
                    await asyncio.sleep(0.05)
            await page.wait_for_load_state("networkidle")
            assert wrong == []

    serving(tmp_path, test, front_end="comfyui")


@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not here")
@pytest.mark.parametrize("name", ["status.js", "rows.js"])
def test_the_scripts_are_sound(name):
    script = STATUS_PAGE / name
    subprocess.run(["node", "--check", str(script)], check=True)
