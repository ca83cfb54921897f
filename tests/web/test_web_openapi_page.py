"""The documentation's page in a browser: complete, quiet, searchable, and it can ask the server."""

import json
import os
from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

from tests.web.helpers.serving import NOBODY, serving
from web.app import all_routes

CHROMIUM = Path("/usr/bin/chromium")


@pytest.mark.parametrize("width", [1440, 430])
def test_the_page_in_a_browser(tmp_path, width):
    if not CHROMIUM.exists() and not os.environ.get("CI"):
        pytest.skip("There is no /usr/bin/chromium, and CI is not set.")

    async def test(server):
        said = []
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
            )
            page = await browser.new_page(viewport={"width": width, "height": 900})
            page.on("console", lambda message: said.append(message.text))
            page.on("pageerror", lambda error: said.append(str(error)))
            await page.goto(f"{server.url}/docs")
            cards = page.locator(".operation:visible")
            await expect(cards).to_have_count(len(all_routes()))
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
            await page.keyboard.press("/")
            await page.keyboard.type("v2 health")
            await expect(cards).to_have_count(1)
            await cards.get_by_role("button", name="Send").click()
            answer = cards.locator(".answer")
            await expect(answer).to_contain_text("remaining")
            assert json.loads(await answer.inner_text())["api"] == "v2"
            await page.locator("#search").fill("no route has these words")
            await expect(cards).to_have_count(0)
            await page.locator("#search").fill("/history/{prompt_id}")
            await cards.first.locator("input[name=prompt_id]").fill("a b")
            await expect(cards.first.locator(".line").first).to_contain_text("/history/a%20b'")
            await browser.close()
        assert said == []

    serving(tmp_path, test, NOBODY)
