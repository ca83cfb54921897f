"""The editor at `/`: while it is built, when that fails, and once it is there."""

import asyncio
import gzip
import json
import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from tests.web.helpers.serving import NOBODY, Served, serving
from web.editor_building import EditorBuilding, Failed
from web.front_end import FRONT_END
from web.security_headers import PAGE_POLICY

STAMP, FORMER = "0123456789abcdef", "fedcba9876543210"
SCRIPT = "console.log(1);" + "x" * 3000
PATIENCE = 30.0
DRIVER = """
import json, pathlib, sys
folder = pathlib.Path(sys.argv[1])
with (folder / "starts.txt").open("a") as starts:
    starts.write("x")
print("a warning of some library")
print(json.dumps({"step": "Fetching <packages>: 1 of 2"}), flush=True)
while not (folder / "go.json").exists():
    pathlib.Path(folder / "waiting").touch()
    __import__("time").sleep(0.01)
sys.stdout.write((folder / "go.json").read_text() + "\\n")
"""


def make_build(folder: Path) -> Path:
    """A finished build, and a former one beside it."""
    for stamp in (STAMP, FORMER):
        build = folder / "builds" / stamp
        (build / "chunks").mkdir(parents=True)
        files = {"main.js": SCRIPT, "chunks/later.js": stamp, "icon.svg": "<svg/>"}
        files |= {
            "index.html": f"<script src='editor/{stamp}/main.js'></script>",
            "build.json": f'{{"stamp": "{stamp}"}}',
        }
        for name, text in files.items():
            (build / name).write_text(text)
        (build / "main.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    return folder / "builds" / STAMP


class Driven:
    """A build by a process that does what the test says."""

    def __init__(self, folder, monkeypatch):
        self.folder = folder
        self.found = None
        command = (sys.executable, "-c", DRIVER, str(folder))
        monkeypatch.setattr("web.front_end.EditorBuilding", lambda: EditorBuilding(lambda: self.found, command))

    def end(self, **event):
        (self.folder / "go.tmp").write_text(json.dumps(event))
        (self.folder / "go.tmp").rename(self.folder / "go.json")

    @property
    def starts(self):
        path = self.folder / "starts.txt"
        return len(path.read_text()) if path.exists() else 0


@pytest.fixture
def driven(tmp_path, monkeypatch):
    folder = tmp_path / "driven"
    folder.mkdir()
    return Driven(folder, monkeypatch)


async def page_with(server: Served, part: str) -> str:
    """The page at `/` once it says something."""
    async with asyncio.timeout(PATIENCE):
        while True:
            async with server.session.get(server.url + "/") as answer:
                assert (answer.status, answer.content_type) == (200, "text/html")
                text = await answer.text()
                if part in text:
                    return text
            await asyncio.sleep(0.01)


def test_the_page_tells_the_step_while_the_editor_is_built_and_then_is_the_editor(tmp_path, driven):
    async def test(server: Served) -> None:
        server.app[FRONT_END].start()
        text = await page_with(server, "Fetching &lt;packages&gt;: 1 of 2")
        assert "data-building" in text and "<script>" not in text and 'http-equiv="refresh"' in text
        async with server.session.get(server.url + "/") as answer:
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Content-Security-Policy"] == PAGE_POLICY
        for name, kind in {"building.js": "text/javascript", "page.css": "text/css"}.items():
            async with server.session.get(f"{server.url}/editor/page/{name}") as answer:
                assert (answer.status, answer.content_type) == (200, kind)
        assert (await server.get("/prompt"))["exec_info"]["queue_remaining"] == 0
        driven.end(folder=str(make_build(tmp_path)))
        assert f"editor/{STAMP}/main.js" in await page_with(server, "main.js")
        assert driven.starts == 1

    serving(tmp_path / "w", test, NOBODY)


def test_a_build_that_failed_is_told_and_tried_again_when_asked(tmp_path, driven):
    async def test(server: Served) -> None:
        driven.end(problem="The package <react> cannot be had.", remedy="Set NPM_CONFIG_REGISTRY & try.")
        server.app[FRONT_END].start()
        text = await page_with(server, "could not be built")
        assert "The package &lt;react&gt; cannot be had." in text and "NPM_CONFIG_REGISTRY &amp; try." in text
        assert "--front-end comfyui" in text and "--editor" in text and 'action="editor/build"' in text
        assert "<script" not in text
        await page_with(server, "could not be built")
        assert driven.starts == 1, "looking does not try again"
        assert (await server.get("/queue"))["queue_pending"] == []
        (driven.folder / "go.json").unlink()
        async with server.session.post(f"{server.url}/editor/build", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "../")
        await page_with(server, "Fetching")
        async with server.session.post(f"{server.url}/editor/build") as answer:  # a second click
            assert answer.status == 200 and str(answer.url) == server.url + "/"
        driven.end(folder=str(make_build(tmp_path)))
        await page_with(server, STAMP)
        assert driven.starts == 2
        await server.post("/editor/build", status=403, headers={"Origin": "http://evil.example"})

    serving(tmp_path / "w", test, NOBODY)


def test_a_build_made_by_hand_after_a_failure_is_found(tmp_path, driven):
    async def test(server: Served) -> None:
        driven.end(problem="No.", remedy="Try.")
        await page_with(server, "could not be built")
        driven.found = make_build(tmp_path)
        await page_with(server, STAMP)
        assert driven.starts == 1

    serving(tmp_path / "w", test, NOBODY)


def test_a_build_process_that_dies_is_told_with_what_it_said(tmp_path, monkeypatch):
    command = (sys.executable, "-c", "import sys; sys.exit('the disk has gone')")
    monkeypatch.setattr("web.front_end.EditorBuilding", lambda: EditorBuilding(lambda: None, command))

    async def test(server: Served) -> None:
        text = await page_with(server, "could not be built")
        assert "ended with code 1" in text and "the disk has gone" in text

    serving(tmp_path / "w", test, NOBODY)


def test_a_build_process_that_says_a_very_long_line_is_followed_to_its_end(tmp_path, monkeypatch):
    """esbuild quotes the line that it warns of, and a line of a package may be a whole script."""
    code = f"import json; print('x' * 300_000); print(json.dumps({{'folder': {str(make_build(tmp_path))!r}}}))"
    monkeypatch.setattr(
        "web.front_end.EditorBuilding", lambda: EditorBuilding(lambda: None, (sys.executable, "-c", code))
    )

    async def test(server: Served) -> None:
        assert STAMP in await page_with(server, "main.js")

    serving(tmp_path / "w", test, NOBODY)


def test_a_build_that_somebody_removed_is_made_anew(tmp_path, driven):
    """Another Weft that shares the cache removes builds which are old."""
    driven.found = make_build(tmp_path)

    async def test(server: Served) -> None:
        await page_with(server, "main.js")
        shutil.rmtree(driven.found)
        driven.found = None
        await page_with(server, "Fetching")
        driven.end(folder=str(make_build(tmp_path / "anew")))
        await page_with(server, "main.js")
        assert driven.starts == 1

    serving(tmp_path / "w", test, NOBODY)


def test_a_program_that_is_not_there_is_told():
    async def main() -> None:
        building = EditorBuilding(lambda: None, ("/no/such/program",))
        building.begin()
        async with asyncio.timeout(PATIENCE):
            while not isinstance(state := await building.look(), Failed):
                await asyncio.sleep(0.01)
        assert "cannot be started" in state.reason

    asyncio.run(main())


def children() -> set[int]:
    """The processes that this one has started, where the system tells."""
    listed = Path(f"/proc/self/task/{os.getpid()}/children")
    return set(map(int, listed.read_text().split())) if listed.exists() else set()


def test_a_server_that_ends_takes_the_build_with_it(tmp_path, driven):
    pids = set()
    others = children()  # of tests before this one: a browser, a server

    async def test(server: Served) -> None:
        server.app[FRONT_END].start()
        await page_with(server, "Fetching")
        pids.update(children() - others)

    serving(tmp_path / "w", test, NOBODY)
    assert driven.starts == 1
    deadline = time.monotonic() + PATIENCE  # it was told to end; the system takes its time to let go of it
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < deadline, "the build goes on"
        time.sleep(0.01)


def test_the_builds_files(tmp_path):
    build = make_build(tmp_path)

    async def test(server: Served) -> None:
        forever = "public, max-age=31536000, immutable"
        async with server.session.get(f"{server.url}/editor/{STAMP}/main.js") as answer:
            assert answer.headers["Content-Encoding"] == "gzip" and await answer.text() == SCRIPT
            assert answer.content_type == "text/javascript" and answer.headers["Cache-Control"] == forever
            assert answer.headers["Vary"] == "Accept-Encoding"
            tag = answer.headers["ETag"]
        async with server.session.get(answer.url, headers={"If-None-Match": tag}) as again:
            assert again.status == 304 and again.headers["Cache-Control"] == forever
        async with server.session.get(answer.url, headers={"Accept-Encoding": "identity"}) as plain:
            assert "Content-Encoding" not in plain.headers and await plain.text() == SCRIPT
        for path, text in {f"{STAMP}/chunks/later.js": STAMP, f"{FORMER}/chunks/later.js": FORMER}.items():
            async with server.session.get(f"{server.url}/editor/{path}") as answer:
                assert (await answer.text(), answer.headers["Cache-Control"]) == (text, forever)
        async with server.session.get(f"{server.url}/editor/icon.svg") as answer:
            assert (answer.content_type, answer.headers["Cache-Control"]) == ("image/svg+xml", "no-cache")
        async with server.session.head(f"{server.url}/editor/{STAMP}/main.js") as answer:
            assert answer.status == 200
        outside = (
            f"{STAMP}/..%2f..%2f..%2fw%2fuser%2fjobs.sqlite3",
            f"{STAMP}/..%5c..%5cw",
            "..%2fbuilds",
            "page/..%2f",
        )
        for path in (
            *outside,
            "0000000000000000/main.js",
            "",
            STAMP,
            f"{STAMP}/",
            f"{STAMP}/chunks",
            "page/",
            "page/../status/index.html",
            "none.js",
        ):
            await server.get(f"/editor/{path}", 404)

    serving(tmp_path / "w", test, NOBODY, editor=build)


def test_a_build_may_be_copied_under_any_name(tmp_path):
    build = make_build(tmp_path).rename(tmp_path / "editor")
    beside = tmp_path / FORMER
    beside.mkdir()
    (beside / "main.js").write_text("somebody's own")

    async def test(server: Served) -> None:
        async with server.session.get(f"{server.url}/editor/{STAMP}/main.js") as answer:
            assert answer.status == 200 and await answer.text() == SCRIPT
        await server.get(f"/editor/{FORMER}/main.js", 404)  # what lies beside the folder is not Weft's

    serving(tmp_path / "w", test, NOBODY, editor=build)


def test_the_page_itself_is_asked_for_anew_each_time(tmp_path):
    async def test(server: Served) -> None:
        async with server.session.get(server.url + "/") as answer:
            assert answer.headers["Cache-Control"] == "no-cache" and STAMP in await answer.text()
            tag = answer.headers["ETag"]
        async with server.session.get(server.url + "/", headers={"If-None-Match": tag}) as answer:
            assert answer.status == 304
        async with server.session.head(server.url + "/") as answer:
            assert answer.status == 200

    serving(tmp_path / "w", test, NOBODY, editor=make_build(tmp_path))


def test_with_a_token_nothing_is_kept_by_shared_caches_or_served_to_strangers(tmp_path):
    async def test(server: Served) -> None:
        address = f"{server.url}/editor/{STAMP}/main.js"
        async with server.session.get(address) as answer:
            assert answer.status == 401
        async with server.session.get(address, headers={"Authorization": "Bearer a long secret"}) as answer:
            assert answer.headers["Cache-Control"].startswith("private")

    serving(tmp_path / "w", test, NOBODY, editor=make_build(tmp_path), token="a long secret")


def test_a_folder_that_holds_no_build_is_told(tmp_path):
    async def test(server: Served) -> None:
        text = await page_with(server, "could not be built")
        assert "--editor" in text and "web.build" in text

    serving(tmp_path / "w", test, NOBODY, editor=tmp_path)


def test_a_registry_that_cannot_be_reached_leaves_the_api_alive(tmp_path, monkeypatch):
    """The real build, from the real sources, with an address at which nobody listens."""
    monkeypatch.setenv("WEFT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "http://127.0.0.1:9")

    async def test(server: Served) -> None:
        text = await page_with(server, "could not be built")
        assert "cannot be had from 127.0.0.1:9" in text and "NPM_CONFIG_REGISTRY" in text
        assert (await server.get("/prompt"))["exec_info"]["queue_remaining"] == 0
        async with server.session.get(server.url + "/status") as answer:
            assert answer.status == 200

    serving(tmp_path / "w", test, NOBODY)


def test_another_front_end_has_nothing_to_build(tmp_path):
    async def test(server: Served) -> None:
        error = (await server.post("/editor/build", status=409))["error"]
        assert "another front end" in error["message"]

    serving(tmp_path / "w", test, NOBODY, front_end="comfyui")
