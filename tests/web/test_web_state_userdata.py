"""Saved workflows: named by one segment, never overwritten unseen, never lost."""

import asyncio
import contextlib
import os
import threading
from typing import Any

import pytest
from yarl import URL

from tests.web.helpers.serving import NOBODY, Served, serving
from web.files.history import KEPT_VERSIONS, History, revision_of
from web.files.user_files import UserFiles


async def call(server: Served, method: str, path: str, data: bytes | None = None, **headers: str):
    """Status, headers and body of an answer; the path is sent exactly as it is written."""
    url = URL(server.url + path, encoded=True)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with server.session.request(method, url, data=data, headers=named) as answer:
        body: Any = await answer.read()
        if answer.content_type == "application/json" and method != "GET":
            body = await answer.json()
        return answer.status, answer.headers, body


async def save(server: Served, data: bytes, path="workflows%2Fa.json", query="", **headers: str):
    return await call(server, "POST", f"/userdata/{path}{query}", data, **headers)


async def load(server: Served, path="workflows%2Fa.json"):
    status, headers, body = await call(server, "GET", f"/userdata/{path}")
    assert status == 200
    return body, headers["ETag"]


def test_saving_loading_deleting(tmp_path):
    async def test(server: Served) -> None:
        assert (await call(server, "GET", "/userdata/workflows%2Fa.json"))[0] == 404
        status, headers, body = await save(server, b'{"x": 1}')
        assert (status, body) == (200, "workflows/a.json")
        assert (tmp_path / "user/default/workflows/a.json").read_bytes() == b'{"x": 1}'
        assert await load(server) == (b'{"x": 1}', headers["ETag"])
        assert await load(server, "workflows%2fa.json") == (b'{"x": 1}', headers["ETag"])
        assert (await call(server, "GET", "/api/userdata/workflows%2Fa.json"))[0] == 200
        assert (await call(server, "GET", "/userdata/workflows/a.json"))[0] == 404
        assert (await save(server, b"2", query="?overwrite=false"))[0] == 409
        status, _, info = await save(server, b"22", query="?overwrite=true&full_info=true")
        assert (status, info["path"], info["size"]) == (200, "workflows/a.json", 2)
        assert abs(info["modified"] - info["created"]) < 3600 and info["revision"] == revision_of(b"22")
        assert (await call(server, "DELETE", "/userdata/workflows%2Fa.json"))[0] == 204
        assert (await call(server, "DELETE", "/userdata/workflows%2Fa.json"))[0] == 404

    serving(tmp_path, test, NOBODY)


def test_types_of_what_is_loaded(tmp_path):
    async def test(server: Served) -> None:
        expected = {
            "a.json": "application/json", "user.css": "text/css", "x.png": "image/png",
            "x.html": "application/octet-stream", "x.svg": "application/octet-stream",
        }  # fmt: skip
        for name, kind in expected.items():
            await save(server, b"content", name)
            _, headers, _ = await call(server, "GET", f"/userdata/{name}")
            assert headers["Content-Type"] == kind and headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Content-Disposition"].startswith("attachment") == (kind == "application/octet-stream")

    serving(tmp_path, test, NOBODY)


def test_a_stale_tab_overwrites_nothing(tmp_path):
    async def test(server: Served) -> None:
        await save(server, b"first")
        _, seen = await load(server)
        status, headers, _ = await save(server, b"second", If_Match=seen)
        assert status == 200 and headers["ETag"] != seen
        for status, refused in (
            (412, await save(server, b"stale", If_Match=seen)),
            (409, await save(server, b"stale", query=f"?revision={revision_of(b'first')}")),
            (412, await save(server, b"stale", If_Match="nonsense")),
            (412, await call(server, "DELETE", "/userdata/workflows%2Fa.json", If_Match=seen)),
            (412, await call(server, "POST", "/userdata/workflows%2Fa.json/move/b.json", If_Match=seen)),
        ):
            assert refused[0] == status
            assert refused[2]["revision"] == revision_of(b"second")
            assert refused[2]["error"]["type"] == "stale_revision" and refused[2]["error"]["details"]
        assert (await load(server))[0] == b"second"
        assert (await save(server, b"third", query=f"?revision={revision_of(b'second')}"))[0] == 200
        assert (await save(server, b"fourth", If_Match="*"))[0] == 200
        await call(server, "DELETE", "/userdata/workflows%2Fa.json")
        gone = await save(server, b"fifth", If_Match="*")
        assert gone[0] == 412 and gone[2]["revision"] is None
        assert (await save(server, b"new", If_None_Match="*"))[0] == 200
        assert (await save(server, b"newer", If_None_Match="*"))[0] == 409

    serving(tmp_path, test, NOBODY)


def test_of_many_tabs_that_began_from_one_version_one_is_saved(tmp_path):
    async def test(server: Served) -> None:
        await save(server, b"start")
        _, seen = await load(server)
        answers = await asyncio.gather(*(save(server, f"tab {n}".encode(), If_Match=seen) for n in range(16)))
        assert sorted(status for status, _, _ in answers) == [200] + [412] * 15
        (winner,) = [number for number, answer in enumerate(answers) if answer[0] == 200]
        assert (await load(server))[0] == f"tab {winner}".encode()

    serving(tmp_path, test, NOBODY)


def test_a_change_by_another_program_counts_too(tmp_path):
    async def test(server: Served) -> None:
        await save(server, b"mine")
        _, seen = await load(server)
        (tmp_path / "user/default/workflows/a.json").write_bytes(b"from another program")
        assert (await save(server, b"mine again", If_Match=seen))[0] == 412
        assert (await load(server))[0] == b"from another program"

    serving(tmp_path, test, NOBODY)


def test_former_versions(tmp_path):
    async def test(server: Served) -> None:
        base = "/userdata/workflows%2Fa.json/history"
        assert await server.get("/userdata/none/history") == []
        for content in (b"one", b"two", b"two", b"three"):
            await save(server, content)
        versions = (await call(server, "GET", base))[2]
        listed = await server.session.get(URL(server.url + base, encoded=True))
        versions = await listed.json()
        assert [version["revision"] for version in versions] == [revision_of(b"two"), revision_of(b"one")]
        assert versions[0]["size"] == 3 and versions[0]["replaced"] >= versions[1]["replaced"]
        status, _, body = await call(server, "GET", f"{base}/{revision_of(b'one')}")
        assert (status, body) == (200, b"one")
        assert (await call(server, "GET", f"{base}/{'0' * 32}"))[0] == 404
        assert (await call(server, "GET", f"{base}/..%2F..%2Fx"))[0] == 404
        restored = await call(
            server, "POST", f"{base}/{revision_of(b'one')}/restore", If_Match=f'"{revision_of(b"x")}"'
        )
        assert restored[0] == 412
        assert (await call(server, "POST", f"{base}/{revision_of(b'one')}/restore"))[2] == "workflows/a.json"
        assert (await load(server))[0] == b"one"
        await call(server, "DELETE", "/userdata/workflows%2Fa.json")
        assert (await call(server, "POST", f"{base}/{revision_of(b'three')}/restore"))[0] == 200
        assert (await load(server))[0] == b"three"

    serving(tmp_path, test, NOBODY)


def test_moving(tmp_path):
    async def test(server: Served) -> None:
        await save(server, b"a1", "a.json")
        await save(server, b"a2", "a.json")
        await save(server, b"b1", "b.json")
        move = "/userdata/a.json/move/deep%2Fc.json"
        assert (await call(server, "POST", "/userdata/a.json/move/b.json?overwrite=false"))[0] == 409
        status, _, info = await call(server, "POST", f"{move}?full_info=true")
        assert (status, info["path"], info["revision"]) == (200, "deep/c.json", revision_of(b"a2"))
        assert (await call(server, "POST", move))[0] == 404
        assert [version["size"] for version in await server.get("/userdata/a.json/history")] == []
        assert (await call(server, "POST", "/userdata/deep%2Fc.json/move/b.json"))[2] == "b.json"
        kept = {version["revision"] for version in await server.get("/userdata/b.json/history")}
        assert kept == {revision_of(b"a1"), revision_of(b"b1")}
        assert (await call(server, "POST", "/userdata/b.json/move/b.json"))[0] == 200
        assert (await call(server, "POST", "/userdata/b.json/move/..%2Fx.json"))[0] == 403

    serving(tmp_path, test, NOBODY)


def test_listings(tmp_path):
    async def test(server: Served) -> None:
        assert (await call(server, "GET", "/userdata"))[0] == 400
        assert (await call(server, "GET", "/userdata?dir=none"))[0] == 404
        assert await server.get("/userdata?dir=workflows&recurse=true&split=false&full_info=true") == []
        assert (await call(server, "GET", "/userdata?dir=.."))[0] == 403
        assert await server.get("/v2/userdata") == []
        for name in ("b.json", "sub%2Fa.json", "sub%2Fdeep%2Fc.json", ".index.json"):
            await save(server, b"1234", f"workflows%2F{name}")
        assert await server.get("/userdata?dir=workflows") == ["b.json"]
        deep = ["b.json", "sub/a.json", "sub/deep/c.json"]
        assert await server.get("/api/userdata?dir=workflows&recurse=true") == deep
        split = await server.get("/userdata?dir=workflows&recurse=true&split=true")
        assert split == [
            ["b.json", "b.json"],
            ["sub/a.json", "sub", "a.json"],
            ["sub/deep/c.json", "sub", "deep", "c.json"],
        ]
        full = await server.get("/userdata?dir=workflows&recurse=true&split=false&full_info=true")
        assert [(info["path"], info["size"]) for info in full] == [(name, 4) for name in deep]
        tree = await server.get("/v2/userdata?path=workflows")
        assert [(entry["type"], entry["path"]) for entry in tree] == [
            ("directory", "workflows/sub"), ("directory", "workflows/sub/deep"),
            ("file", "workflows/b.json"), ("file", "workflows/sub/a.json"), ("file", "workflows/sub/deep/c.json"),
        ]  # fmt: skip
        assert tree[2]["name"] == "b.json" and tree[2]["size"] == 4 and tree[2]["modified"] > 0
        assert len(await server.get("/v2/userdata")) == 6
        assert (await call(server, "GET", "/v2/userdata?path=none"))[0] == 404
        assert (await call(server, "GET", "/v2/userdata?path=..%2F.."))[0] == 403

    serving(tmp_path, test, NOBODY)


def test_places_that_cannot_hold_a_file(tmp_path):
    async def test(server: Served) -> None:
        await save(server, b"1", "file")
        await save(server, b"1", "folder%2Fx")
        for path in ("folder", "file%2Fbelow"):
            for method, more in (("POST", ""), ("DELETE", ""), ("POST", "/move/y")):
                status, _, body = await call(server, method, f"/userdata/{path}{more}", b"")
                assert status in (400, 404) and body["error"]["message"].endswith(".")
        assert (await save(server, b"1", "x" * 256))[0] == 403
        assert (await save(server, b"1", "%2E%2E%2Fx"))[0] == 403
        assert (await save(server, b"1" * 1001, "big"))[0] == 413

    serving(tmp_path, test, NOBODY, max_upload_bytes=1000)


def test_a_full_disk_keeps_what_was_saved(tmp_path, monkeypatch):
    import errno

    async def test(server: Served) -> None:
        await save(server, b"kept")

        def full(_):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        status, _, body = await save(server, b"lost")
        assert status == 507 and "disk is full" in body["error"]["message"]
        monkeypatch.undo()
        assert (await load(server))[0] == b"kept"
        assert [path.name for path in (tmp_path / "user/default/workflows").iterdir()] == ["a.json"]

    serving(tmp_path, test, NOBODY)


def test_versions_are_bounded_and_the_newest_stay(tmp_path):
    history = History(tmp_path)
    for number in range(KEPT_VERSIONS + 10):
        history.keep("a.json", str(number).encode())
    kept = [history.read("a.json", version.revision) for version in history.versions("a.json")]
    assert kept == [str(number).encode() for number in range(KEPT_VERSIONS + 9, 9, -1)]
    history.keep("a.json", b"20")
    assert len(history.versions("a.json")) == KEPT_VERSIONS
    assert history.read("a.json", history.versions("a.json")[0].revision) == b"20"


def test_versions_are_bounded_in_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr("web.files.history.KEPT_BYTES", 1000)
    history = History(tmp_path)
    for number in range(10):
        history.keep("a.json", bytes([number]) * 400)
    assert len(history.versions("a.json")) == 2
    history.keep("a.json", b"x" * 2000)
    assert [version.size for version in history.versions("a.json")] == [2000]


@pytest.mark.parametrize("moment", range(12))
def test_a_write_that_is_cut_off_leaves_the_former_content(tmp_path, monkeypatch, moment):
    """Whatever call of the system fails, the file is whole: old or new."""
    files = UserFiles(tmp_path / "user", History(tmp_path / "history"), threading.Lock())
    files.write("a.json", b"former", True, None)
    calls = 0

    def counting(real):
        def call(*args, **options):
            nonlocal calls
            calls += 1
            if calls == moment + 1:
                raise KeyboardInterrupt
            return real(*args, **options)

        return call

    with monkeypatch.context() as patch:
        from pathlib import Path

        patch.setattr(os, "fsync", counting(os.fsync))
        patch.setattr(Path, "replace", counting(Path.replace))
        patch.setattr(Path, "open", counting(Path.open))
        with contextlib.suppress(KeyboardInterrupt):
            files.write("a.json", b"later", True, None)
    content = (tmp_path / "user/a.json").read_bytes()
    assert content in (b"former", b"later")
    if content == b"later":
        assert [files.version("a.json", version.revision) for version in files.versions("a.json")] == [b"former"]
    assert [path.name for path in (tmp_path / "user").iterdir()] == ["a.json"]
