"""GET /outputs: pages of files, from an index that reads only what changed."""

import os
from pathlib import Path
from tempfile import mkdtemp

from tests.web.helpers.serving import NOBODY, Served, serving
from web.files.listing import Listing
from web.files.state import FILES


def fill(folder: Path, names: list[str], size: int = 1) -> None:
    """Put files into a folder, each whole and with its time at once: the server may be reading it."""
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        made = Path(mkdtemp()) / "made"
        made.write_bytes(b"x" * (size + number))
        os.utime(made, (1_000_000_000 + number, 1_000_000_000 + number))
        made.replace(path)
        made.parent.rmdir()


def settle(*folders: Path) -> None:
    """Let folders look as if they had not changed for a while."""
    for folder in folders:
        os.utime(folder, ns=(1_500_000_000_123_456_789, 1_500_000_000_123_456_789))


def names(page) -> list[str]:
    return [f"{file['subfolder']}/{file['filename']}".lstrip("/") for file in page["files"]]


def test_pages_in_every_order(tmp_path):
    async def test(server: Served) -> None:
        fill(tmp_path / "output", ["b.png", "sub/a.png", "c.txt", "sub/deep/d.mp4"])
        newest = ["sub/deep/d.mp4", "c.txt", "sub/a.png", "b.png"]
        by_name = ["b.png", "c.txt", "sub/a.png", "sub/deep/d.mp4"]
        orders = {"newest": newest, "oldest": newest[::-1], "name": by_name, "largest": newest}
        for order, expected in orders.items():
            cursor, found = "", []
            for left in (3, 2, 1, 0):
                page = await server.get(f"/api/outputs?limit=1&sort={order}&cursor={cursor}")
                found += names(page)
                cursor = page["next"]
                assert page["total"] == 4 and (cursor is None) == (left == 0)
            assert found == expected
        assert names(await server.get("/outputs")) == newest
        described = (await server.get("/outputs?search=d.mp4"))["files"][0]
        assert described == {
            "filename": "d.mp4", "subfolder": "sub/deep", "type": "output", "size": 4, "modified": 1_000_000_003.0,
            "media_type": "video/mp4",
        }  # fmt: skip

    serving(tmp_path, test, NOBODY)


def test_search_and_filters(tmp_path):
    async def test(server: Served) -> None:
        fill(tmp_path / "input", ["Cat red.png", "dog.jpg", "cats/one.webm", ".hidden.png", ".h/x.png", "x.wav"])
        assert await server.get("/outputs") == {"files": [], "total": 0, "next": None}

        async def found(query: str) -> set[str]:
            return set(names(await server.get(f"/outputs?type=input&{query}")))

        assert await found("search=CAT") == {"Cat red.png", "cats/one.webm"}
        assert await found("search=cat%20RED") == {"Cat red.png"}
        assert await found("search=nothing") == set()
        assert await found("media=image") == {"Cat red.png", "dog.jpg"}
        assert await found("media=audio") == {"x.wav"}
        assert await found("subfolder=cats") == {"cats/one.webm"}
        assert await found("subfolder=nowhere") == set()
        assert len(await found("")) == 4

    serving(tmp_path, test, NOBODY)


def test_a_page_goes_on_where_the_last_one_ended_whatever_was_saved_since(tmp_path):
    async def test(server: Served) -> None:
        fill(tmp_path / "output", [f"{number}.png" for number in range(6)])
        first = await server.get("/outputs?limit=2")
        fill(tmp_path / "output", [f"new {number}.png" for number in range(9)])
        os.utime(tmp_path / "output/new 0.png", (2_000_000_000, 2_000_000_000))
        (tmp_path / "output/4.png").unlink()
        second = await server.get(f"/outputs?limit=20&cursor={first['next']}&search=.png")
        assert names(first) == ["5.png", "4.png"]
        assert [name for name in names(second) if "new" not in name] == ["3.png", "2.png", "1.png", "0.png"]
        assert "new 0.png" not in names(second)

    serving(tmp_path, test, NOBODY)


def test_what_is_asked_for_wrongly(tmp_path):
    async def test(server: Served) -> None:
        for query in (
            "limit=0", "limit=1001", "limit=x", "sort=size", "media=text", "type=models", "cursor=abc", "cursor=%FF",
            "cursor=bnVsbA", "cursor=WzEsMl0", "cursor=" + "W" * 3000,
        ):  # fmt: skip
            assert (await server.get(f"/outputs?{query}", 400))["error"]["message"].endswith(".")
        await server.get("/outputs?subfolder=..", 403)

    serving(tmp_path, test, NOBODY)


def test_deleting(tmp_path):
    async def test(server: Served) -> None:
        fill(tmp_path / "output", ["sub/a.png", "sub/b.png"])
        await server.ask("DELETE", "/outputs?filename=a.png&subfolder=sub", 204)
        assert names(await server.get("/outputs")) == ["sub/b.png"]
        await server.ask("DELETE", "/outputs?filename=a.png&subfolder=sub", 404)
        await server.ask("DELETE", "/outputs?filename=sub", 404)
        await server.ask("DELETE", "/outputs?filename=", 400)
        assert (tmp_path / "output/sub/b.png").is_file()

    serving(tmp_path, test, NOBODY)


def test_the_newest_files_by_name_alone(tmp_path):
    async def test(server: Served) -> None:
        fill(tmp_path / "output", ["a.png", "b.png", "sub/c.png", "d.txt"])
        assert await server.get("/internal/files/output") == ["d.txt", "b.png", "a.png"]
        assert await server.get("/internal/files/input") == []
        assert await server.get("/internal/files/models", 400) == {"error": "Invalid directory type"}
        await server.get("/api/internal/files/output", 404)

    serving(tmp_path, test, NOBODY)


def test_unchanged_folders_are_not_read_again(tmp_path):
    async def test(server: Served) -> None:
        folder = tmp_path / "output"
        fill(folder, ["a.png", "sub/b.png", "other/c.png"])
        settle(folder, folder / "sub", folder / "other")
        listing = server.app[FILES].listing
        await server.get("/outputs")
        read = listing.read
        for _ in range(3):
            assert (await server.get("/outputs"))["total"] == 3
        assert listing.read == read
        fill(folder / "sub", ["d.png"])
        assert (await server.get("/outputs"))["total"] == 4
        assert listing.read == read + 1

    serving(tmp_path, test, NOBODY)


def test_only_new_files_of_a_changed_folder_are_asked_for_their_size(tmp_path, monkeypatch):
    from web.files import listing as module

    asked = []
    entry = module._entry
    monkeypatch.setattr(module, "_entry", lambda path, found: asked.append(path) or entry(path, found))
    fill(tmp_path, [f"{number}.png" for number in range(50)])
    listing = Listing()
    assert len(listing.files(tmp_path)) == len(asked) == 50
    asked.clear()
    fill(tmp_path, ["new.png"])
    assert len(listing.files(tmp_path)) == 51
    assert asked == ["new.png"]


def test_every_change_shows_at_once(tmp_path):
    listing = Listing()
    for number in range(30):
        (tmp_path / f"{number}.png").touch()
        assert len(listing.files(tmp_path, "name")) == number + 1
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/x.png").touch()
    assert len(listing.files(tmp_path)) == 31
    (tmp_path / "sub").rename(tmp_path / "bus")
    assert listing.files(tmp_path, "name")[-1].path == "bus/x.png"
    (tmp_path / "bus/x.png").unlink()
    (tmp_path / "bus").rmdir()
    for number in range(30):
        (tmp_path / f"{number}.png").unlink()
        assert len(listing.files(tmp_path)) == 29 - number


def test_a_file_that_takes_the_place_of_another_shows_as_it_is(tmp_path):
    listing = Listing()
    (tmp_path / "x.png").write_bytes(b"1")
    assert [entry.size for entry in listing.files(tmp_path)] == [1]
    (tmp_path / ".new").write_bytes(b"123")
    (tmp_path / ".new").replace(tmp_path / "x.png")
    assert [entry.size for entry in listing.files(tmp_path)] == [3]


def test_a_file_that_takes_the_place_of_a_folder(tmp_path):
    listing = Listing()
    (tmp_path / "x").mkdir()
    (tmp_path / "x/a").touch()
    assert [entry.path for entry in listing.files(tmp_path)] == ["x/a"]
    (tmp_path / "x/a").unlink()
    (tmp_path / "x").rmdir()
    (tmp_path / "x").write_bytes(b"123")
    assert [(entry.path, entry.size) for entry in listing.files(tmp_path)] == [("x", 3)]


def test_links_are_listed_where_they_stay_inside(tmp_path):
    if os.name != "posix":
        return
    root = tmp_path / "output"
    fill(root, ["a.png"])
    (tmp_path / "secret.png").write_bytes(b"secret")
    (root / "in.png").symlink_to(root / "a.png")
    (root / "out.png").symlink_to(tmp_path / "secret.png")
    (root / "around.png").symlink_to(root / "around.png")
    (root / "up").symlink_to(tmp_path)
    assert [entry.path for entry in Listing().files(root, "name")] == ["a.png", "in.png"]
