"""The editor as a person finds it at `/` of a server that has just started."""


def test_the_editor_opens_without_complaints_and_shows_itself(editor_page, studio):
    assert editor_page.title().startswith("Weft")
    assert editor_page.locator("#studio > *").count() > 0


def test_its_files_are_kept_by_the_browser_and_small_on_the_wire(page, studio):
    answers = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(studio.address)
    page.wait_for_load_state("networkidle")
    (script,) = [answer for answer in answers if answer.url.endswith("/main.js")]
    assert script.headers["content-encoding"] == "gzip"
    assert script.headers["cache-control"].endswith("immutable")
