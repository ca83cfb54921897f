"""GET /outputs by what pictures were made with, GET /outputs/workflow, and the index behind them."""

import asyncio
import json
import os
import random
import sqlite3
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from tests.web.helpers.serving import NOBODY, Served, served, serving
from tests.web.helpers.sockets import waits
from web.files.listing import Entry, Listing
from web.gallery.gallery import GALLERY
from web.gallery.index import GalleryIndex, Wanted
from web.gallery.made_with import MadeWith, made_with


def prompt(
    text="a red fox", negative="blurry", model="sdxl/base.safetensors", sampler="euler", seed=42
) -> dict[str, Any]:
    return {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": model}},
        "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["1", 1]}},
        "3": {"class_type": "CLIPTextEncode", "inputs": {"text": text, "clip": ["1", 1]}},
        "4": {
            "class_type": "KSampler",
            "inputs": {
                "model": ["1", 0], "positive": ["3", 0], "negative": ["2", 0], "seed": seed, "sampler_name": sampler,
                "scheduler": "karras", "latent_image": ["5", 0],
            },
        },
    }  # fmt: skip


WORKFLOW = {"nodes": [{"id": 1, "type": "CLIPTextEncode", "widgets_values": ["from the canvas"]}], "links": []}


def save(path: Path, made: Any = None, workflow: Any = None, size: tuple[int, int] = (8, 6)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.new("RGB", size)
    if path.suffix == ".png":
        info = PngImagePlugin.PngInfo()
        for name, value in (("prompt", made), ("workflow", workflow)):
            if value is not None:
                info.add_text(name, value if isinstance(value, str) else json.dumps(value))
        picture.save(path, pnginfo=info)
        return
    exif = Image.Exif()
    for tag, name, value in ((0x0110, "prompt", made), (0x010F, "workflow", workflow)):
        if value is not None:
            exif[tag] = f"{name}:{json.dumps(value)}"
    picture.save(path, exif=exif)


def names(page: dict[str, Any]) -> set[str]:
    return {file["filename"] for file in page["files"]}


def test_what_a_prompt_says():
    assert made_with(prompt()) == MadeWith(
        ("a red fox", "blurry"), ("sdxl/base.safetensors",), ("euler",), ("karras",), (42,)
    )
    held = {"1": {"class_type": "PrimitiveString", "inputs": {"value": "held text"}}}
    assert made_with(held).prompts == ("held text",)
    assert made_with({"1": {"class_type": "Other", "inputs": {"value": "no text"}}}) == MadeWith()
    assert made_with({"1": 5}) == MadeWith()
    ring = {
        "1": {"class_type": "A", "inputs": {"positive": ["2", 0]}},
        "2": {"class_type": "B", "inputs": {"x": ["1", 0]}},
    }
    assert made_with(ring) == MadeWith()
    many = {str(n): {"class_type": "T", "inputs": {"text": f"{n} " + "x" * 9_000}} for n in range(90)}
    assert len(made_with(many).prompts) == 20 and len(made_with(many).prompts[0]) == 4_000


def test_searching_in_what_pictures_carry(tmp_path):
    async def test(server: Served) -> None:
        output = tmp_path / "output"
        save(output / "one.png", prompt())
        save(output / "sub/two.webp", prompt("a Blue WHALE", sampler="dpmpp_2m", model="anime.ckpt", seed=7))
        save(output / "three.jpg", prompt("a fox and a whale", seed=2**63))
        save(output / "fox only in its name.png")
        save(output / "canvas.png", workflow=WORKFLOW)
        (output / "broken fox.png").write_bytes(b"\x89PNG\r\n\x1a\nnonsense")
        (output / "note about a fox.txt").write_text("fox")

        async def found(**query: str) -> set[str]:
            async with server.session.get(f"{server.url}/api/outputs", params=query) as answer:
                assert answer.status == 200
                page = await answer.json()
            assert page["unread"] == 0 and page["total"] == len(page["files"])
            return names(page)

        by_name = {"fox only in its name.png", "broken fox.png", "note about a fox.txt"}
        assert await found(search="FOX") == by_name | {"one.png", "three.jpg"}
        assert await found(search="fox red") == {"one.png"}
        assert await found(search="whale sub") == {"two.webp"}
        assert await found(search="karras") == {"one.png", "two.webp", "three.jpg"}
        assert await found(search=str(2**63)) == {"three.jpg"}
        assert await found(search="canvas from the") == {"canvas.png"}
        assert await found(prompt="fox") == {"one.png", "three.jpg"}
        assert await found(prompt="fox", search="name") == set()
        assert await found(model="anime") == {"two.webp"}
        assert await found(sampler="dpmpp", prompt="blue") == {"two.webp"}
        assert await found(sampler="euler", media="image", subfolder="sub") == set()
        assert await found(search="%") == set() and await found(prompt="_") == set()

    serving(tmp_path, test, NOBODY)


def test_details(tmp_path):
    async def test(server: Served) -> None:
        save(tmp_path / "output/one.png", prompt(), size=(30, 20))
        save(tmp_path / "output/plain.png")
        page = await server.get("/api/outputs?details=true&sort=name")
        assert page["files"][0]["made_with"] == {
            "prompts": ["a red fox", "blurry"], "models": ["sdxl/base.safetensors"], "samplers": ["euler"],
            "schedulers": ["karras"], "seed": "42", "size": [30, 20],
        }  # fmt: skip
        assert page["files"][1]["made_with"] is None
        assert "made_with" not in (await server.get("/api/outputs"))["files"][0]

    serving(tmp_path, test, NOBODY)


def test_a_seed_is_told_to_its_last_digit(tmp_path):
    """As a text: JavaScript's numbers end at 2**53, seeds at 2**64."""
    save(tmp_path / "one.png", prompt(seed=2**64 - 1))
    index = GalleryIndex(tmp_path / "gallery.sqlite3")
    index.update("output", tmp_path, Listing().files(tmp_path), 10)
    assert index.about("output", ["one.png"])["one.png"]["seed"] == "18446744073709551615"
    index.close()


def test_times_and_numbers_of_files_that_the_index_cannot_hold(tmp_path):
    """SQLite's integers end at 2**63; a disk may number its files and set its times beyond that."""
    root = tmp_path / "output"
    save(root / "far.png", prompt("a fox of the year 2400"))
    save(root / "near.png", prompt("a fox of today"))
    state = (root / "far.png").stat()
    entries = [Entry("far.png", state.st_size, 2**64 - 5, 2**64 - 3), Entry("near.png", 1, 1, 2**63)]
    index = GalleryIndex(tmp_path / "gallery.sqlite3")
    assert index.update("output", root, entries, 10) == 0
    assert index.matching("output", Wanted(prompt="fox")) == {"far.png", "near.png"}
    assert index.update("output", root, list(entries), 10) == 0
    assert index.read == 2
    index.close()


def test_what_changes_is_read_again_and_nothing_else(tmp_path):
    root = tmp_path / "output"
    for number in range(5):
        save(root / f"{number}.png", prompt(f"picture {number}"))
    listing, index = Listing(), GalleryIndex(tmp_path / "cache/gallery.sqlite3")
    assert index.update("output", root, listing.files(root), 3) == 2
    assert index.update("output", root, listing.files(root), 3) == 0
    assert index.read == 5
    save(root / "1.png", prompt("something else"))
    os.utime(root / "1.png", ns=(5, 5))
    (root / "2.png").unlink()
    listing = Listing()
    assert index.update("output", root, listing.files(root), 100) == 0
    assert index.read == 6
    assert index.matching("output", Wanted(prompt="picture")) == {"0.png", "3.png", "4.png"}
    assert index.matching("output", Wanted("else")) == {"1.png"}
    assert index.matching("input", Wanted("else")) == set()
    index.close()
    again = GalleryIndex(tmp_path / "cache/gallery.sqlite3")
    assert again.update("output", root, listing.files(root), 100) == 0
    assert again.read == 0
    assert again.matching("output", Wanted("else")) == {"1.png"}
    again.close()


def test_a_file_that_is_read_while_it_is_written_is_read_again(tmp_path):
    save(tmp_path / "whole.png", prompt())
    data = (tmp_path / "whole.png").read_bytes()
    root, listing, index = tmp_path / "output", Listing(), GalleryIndex(tmp_path / "gallery.sqlite3")
    root.mkdir()
    with (root / "slow.png").open("wb") as file:
        file.write(data[:40])
        file.flush()
        assert index.update("output", root, listing.files(root), 10) == 0
        assert index.matching("output", Wanted(prompt="fox")) == set()
        file.write(data[40:])
    assert index.update("output", root, listing.files(root), 10) == 0
    assert index.matching("output", Wanted(prompt="fox")) == {"slow.png"}
    index.close()


@pytest.mark.parametrize("spoil", ["garbage", "other version", "a folder", "truncated"])
def test_a_damaged_index_is_made_anew(tmp_path, spoil):
    root, path = tmp_path / "output", tmp_path / "gallery.sqlite3"
    for number in range(60):
        save(root / f"{number}.png", prompt(f"picture {number} " + "x" * 500))
    index = GalleryIndex(path)
    entries = Listing().files(root)
    index.update("output", root, entries, 100)
    index.close()
    if spoil == "garbage":
        path.write_bytes(b"not a database" * 1000)
    elif spoil == "truncated":
        path.write_bytes(path.read_bytes()[:20_000])
    elif spoil == "other version":
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA user_version = 99")
        connection.close()
    else:
        path.unlink()
        path.mkdir()
    index = GalleryIndex(path)
    for _ in range(3):
        index.update("output", root, entries, 100)
    assert index.matching("output", Wanted("picture 7 ")) >= {"7.png"}
    assert len(index.about("output", (entry.path for entry in entries))) == 60
    index.close()
    index.close()


def test_the_index_is_made_in_the_background_and_kept(tmp_path):
    output = tmp_path / "output"
    for number in range(130):
        save(output / f"{number}.png", prompt(f"picture {number}"))

    async def test(server: Served) -> None:
        gallery = server.app[GALLERY]
        await waits(lambda: gallery.update("output", gallery._listing.files(output), 0) == 0)
        page = await server.get("/api/outputs?prompt=picture&limit=200")
        assert page["total"] == 130 and page["unread"] == 0

    serving(tmp_path, test, NOBODY)
    assert (tmp_path / "user/cache/gallery.sqlite3").is_file()

    async def again(server: Served) -> None:
        assert (await server.get("/api/outputs?prompt=picture&details=1"))["total"] == 130
        assert server.app[GALLERY]._index.read == 0

    serving(tmp_path, again, NOBODY)


def test_what_goes_wrong_in_the_background_is_logged_and_does_not_end_it(tmp_path, monkeypatch, caplog):
    read, failures = GalleryIndex.update, [RuntimeError("a picture that nobody thought of")]

    def fails_once(*arguments: Any) -> int:
        if failures:
            raise failures.pop()
        return read(*arguments)

    monkeypatch.setattr(GalleryIndex, "update", fails_once)
    save(tmp_path / "output/one.png", prompt())

    async def test(server: Served) -> None:
        gallery = server.app[GALLERY]
        await waits(lambda: "nobody thought of" in caplog.text)
        gallery.look("output")
        await waits(lambda: gallery.matching("output", Wanted(prompt="fox")))

    serving(tmp_path, test, NOBODY)


def test_the_workflow_of_a_file(tmp_path):
    async def test(server: Served) -> None:
        output = tmp_path / "output"
        save(output / "a b.png", prompt(), WORKFLOW)
        save(output / "sub/x.webp", prompt())
        save(tmp_path / "input/y.jpg", None, WORKFLOW)
        save(output / "null.png", "null", WORKFLOW)
        header = json.dumps({"__metadata__": {"prompt": json.dumps(prompt())}}).encode()
        (output / "z.latent").write_bytes(struct.pack("<Q", len(header)) + header)
        ask = "/api/outputs/workflow?filename="
        assert await server.get(f"{ask}a%20b.png") == {"workflow": WORKFLOW, "prompt": prompt()}
        assert await server.get(f"{ask}x.webp&subfolder=sub") == {"workflow": None, "prompt": prompt()}
        assert await server.get(f"{ask}y.jpg&type=input") == {"workflow": WORKFLOW, "prompt": None}
        assert await server.get(f"{ask}null.png") == {"workflow": WORKFLOW, "prompt": None}
        assert await server.get(f"{ask}z.latent") == {"workflow": None, "prompt": prompt()}

    serving(tmp_path, test, NOBODY)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_files_without_one_and_hostile_files(tmp_path):
    async def test(server: Served) -> None:
        output = tmp_path / "output"
        save(output / "plain.png")
        whole = (output / "plain.png").read_bytes()
        bomb = zlib.compress(b"[" * (65 * 2**20), 9)
        hostile = {
            "bomb.png": whole[:33] + chunk(b"zTXt", b"workflow\0\0" + bomb) + whole[33:],
            "bomb in itxt.png": whole[:33] + chunk(b"iTXt", b"prompt\0\1\0\0\0" + bomb) + whole[33:],
            "deep.png": whole[:33] + chunk(b"tEXt", b"workflow\0" + b'{"nodes":' * 50_000) + whole[33:],
            "list.png": whole[:33] + chunk(b"tEXt", b"prompt\0[1]") + whole[33:],
            "cut.png": whole[:40],
            "empty.png": b"",
            "text.txt": b"hello",
        }
        for name, data in hostile.items():
            (output / name).write_bytes(data)
        for name in (*hostile, "plain.png"):
            async with server.session.get(f"{server.url}/api/outputs/workflow", params={"filename": name}) as answer:
                assert answer.status == 400, name
                error = (await answer.json())["error"]
            assert error["type"] == "no_workflow" and error["message"].endswith(".")
        page = await server.get("/api/outputs?details=true&search=bomb")
        assert page["total"] == 2 and page["files"][0]["made_with"] is None
        ask = "/api/outputs/workflow"
        await server.get(f"{ask}?filename=none.png", 404)
        await server.get(f"{ask}?filename=x.png&subfolder=..", 403)
        await server.get(f"{ask}?filename=..%2Fx.png", 400)
        await server.get(f"{ask}?filename=x.png&type=models", 400)
        await server.get(ask, 400)

    serving(tmp_path, test, NOBODY)


def test_odd_prompts_harm_nothing(tmp_path):
    async def test(server: Served) -> None:
        chance = random.Random(8)
        odd: list[Any] = [
            None,
            5,
            float("inf"),
            "\ud800",
            [],
            {},
            ["1", 0],
            {"inputs": []},
            "x" * 10_000,
            True,
            ["1", {}],
        ]
        for number in range(60):
            made = prompt()
            for node in made.values():
                for name in [*node["inputs"], "text", "seed", "sampler_name"]:
                    if chance.random() < 0.5:
                        node["inputs"][name] = chance.choice(odd)
            save(tmp_path / f"output/{number}.png", made)
        page = await server.get("/api/outputs?details=true&limit=100")
        assert page["total"] == 60 and page["unread"] == 0
        assert (await server.get("/api/outputs?search=%ED%A0%80"))["total"] >= 0

    serving(tmp_path, test, NOBODY)


def test_new_pictures_are_found_and_deleted_ones_are_not(tmp_path):
    async def main() -> None:
        async with served(tmp_path, NOBODY) as server:
            assert (await server.get("/api/outputs?prompt=fox"))["total"] == 0
            save(tmp_path / "output/new.png", prompt())
            assert (await server.get("/api/outputs?prompt=fox"))["total"] == 1
            (tmp_path / "output/new.png").unlink()
            assert (await server.get("/api/outputs?prompt=fox"))["total"] == 0

    asyncio.run(main())
