"""GET /view: what it serves, how, and what it never does."""

import gzip
import io
import os
import struct
import zlib
from urllib.parse import unquote

import pytest
from PIL import Image

from tests.web.helpers.serving import NOBODY, Served, serving

HALF = (200, 10, 20, 128)


def picture(path, size=(32, 16), colour=HALF, mode="RGBA", **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path, **options)


async def fetch(server: Served, query: str, method="GET", **options):
    """Status, headers and body of an answer."""
    async with server.session.request(method, f"{server.url}/view?{query}", **options) as answer:
        return answer.status, answer.headers, await answer.read()


async def image(server: Served, query: str):
    status, headers, body = await fetch(server, query)
    assert status == 200, body
    return headers["Content-Type"], Image.open(io.BytesIO(body))


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header promises any size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_a_picture_is_sent_as_it_is(tmp_path):
    async def test(server: Served) -> None:
        file = tmp_path / "output/sub/x.png"
        picture(file)
        for prefix in ("", "api/"):
            async with server.session.get(f"{server.url}/{prefix}view?filename=x.png&subfolder=sub") as answer:
                assert await answer.read() == file.read_bytes()
                assert answer.headers["Content-Type"] == "image/png"
                assert answer.headers["Content-Disposition"] == 'filename="x.png"'
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert (await fetch(server, "filename=sub/x.png"))[0] == 200
        assert (await fetch(server, "filename=x.png&subfolder=sub&channel=rgba"))[2] == file.read_bytes()

    serving(tmp_path, test, NOBODY)


def test_head_ranges_and_conditions(tmp_path):
    async def test(server: Served) -> None:
        file = tmp_path / "output/x.png"
        picture(file)
        data = file.read_bytes()
        status, headers, body = await fetch(server, "filename=x.png", "HEAD")
        assert (status, body, headers["Content-Length"]) == (200, b"", str(len(data)))
        status, headers, body = await fetch(server, "filename=x.png", headers={"Range": "bytes=2-5"})
        assert (status, body, headers["Content-Range"]) == (206, data[2:6], f"bytes 2-5/{len(data)}")
        assert (await fetch(server, "filename=x.png", headers={"Range": "bytes=999999-"}))[0] == 416
        modified = (await fetch(server, "filename=x.png"))[1]["Last-Modified"]
        assert (await fetch(server, "filename=x.png", headers={"If-Modified-Since": modified}))[0] == 304
        status, headers, _ = await fetch(server, "filename=x.png&preview=webp")
        tag = headers["ETag"]
        assert (await fetch(server, "filename=x.png&preview=webp", headers={"If-None-Match": tag}))[0] == 304
        picture(file, colour=(0, 0, 0, 255), size=(8, 8))
        assert (await fetch(server, "filename=x.png&preview=webp", headers={"If-None-Match": tag}))[0] == 200

    serving(tmp_path, test, NOBODY)


def test_the_name_or_the_type_chooses_the_folder(tmp_path):
    async def test(server: Served) -> None:
        for number, kind in enumerate(("output", "input", "temp")):
            picture(tmp_path / kind / "x.png", size=(number + 1, 1))
        for number, kind in enumerate(("output", "input", "temp")):
            assert (await image(server, f"filename=x.png&type={kind}"))[1].size == (number + 1, 1)
            assert (await image(server, f"filename=x.png%20[{kind}]&type=output"))[1].size == (number + 1, 1)
        assert (await image(server, "filename=x.png"))[1].size == (1, 1)

    serving(tmp_path, test, NOBODY)


def test_previews(tmp_path):
    async def test(server: Served) -> None:
        picture(tmp_path / "output/x.png")
        kind, shown = await image(server, "filename=x.png&preview=webp;90")
        assert (kind, shown.format, shown.mode, shown.size) == ("image/webp", "WEBP", "RGBA", (32, 16))
        kind, shown = await image(server, "filename=x.png&preview=jpeg;50")
        assert (kind, shown.format, shown.mode) == ("image/jpeg", "JPEG", "RGB")
        assert (await image(server, "filename=x.png&preview=jpeg&channel=a"))[0] == "image/webp"
        assert (await image(server, "filename=x.png&preview=bmp;1"))[0] == "image/webp"
        assert (await image(server, "filename=x.png&preview=webp&channel=rgb"))[1].mode == "RGB"
        assert (await image(server, "filename=x.png&preview=webp&size=8"))[1].size == (8, 4)
        assert (await image(server, "filename=x.png&size=4000"))[1].size == (32, 16)
        for size in ("0", "-1", "x", "99999", "1e3", "٣"):
            assert (await fetch(server, f"filename=x.png&size={size}"))[0] == 400

    serving(tmp_path, test, NOBODY)


def test_quality_is_taken(tmp_path):
    async def test(server: Served) -> None:
        noise = Image.frombytes("RGB", (64, 64), bytes((i * i * 7 + i // 3) % 256 for i in range(64 * 64 * 3)))
        noise.save(tmp_path / "output/x.png")
        low = len((await fetch(server, "filename=x.png&preview=jpeg;5"))[2])
        high = len((await fetch(server, "filename=x.png&preview=jpeg;95"))[2])
        usual = len((await fetch(server, "filename=x.png&preview=jpeg"))[2])
        assert low < usual < high
        assert len((await fetch(server, "filename=x.png&preview=jpeg;many"))[2]) == usual

    serving(tmp_path, test, NOBODY)


def test_channels(tmp_path):
    async def test(server: Served) -> None:
        picture(tmp_path / "output/half.png")
        picture(tmp_path / "output/whole.jpg", mode="RGB", colour=(9, 9, 9))
        kind, colours = await image(server, "filename=half.png&channel=rgb")
        assert (kind, colours.mode, colours.getpixel((0, 0))) == ("image/png", "RGB", HALF[:3])
        kind, alpha = await image(server, "filename=half.png&channel=a")
        assert (kind, alpha.mode, alpha.getpixel((0, 0))) == ("image/png", "RGBA", (0, 0, 0, 128))
        assert (await image(server, "filename=whole.jpg&channel=a"))[1].getpixel((0, 0)) == (0, 0, 0, 255)

    serving(tmp_path, test, NOBODY)


@pytest.mark.parametrize(("mode", "colour"), [("L", 7), ("1", 1), ("P", 3), ("LA", (7, 9)), ("I;16", 60000)])
def test_pictures_of_every_kind_are_converted(tmp_path, mode, colour):
    async def test(server: Served) -> None:
        picture(tmp_path / "output/x.png", mode=mode, colour=colour)
        for query in ("preview=webp", "preview=jpeg", "channel=rgb", "channel=a"):
            assert (await image(server, f"filename=x.png&{query}"))[1].size == (32, 16)
        if mode == "I;16":
            assert (await image(server, "filename=x.png&channel=rgb"))[1].getpixel((0, 0)) == (60000 >> 8,) * 3

    serving(tmp_path, test, NOBODY)


def test_a_turned_photograph_stands_upright_in_its_preview(tmp_path):
    async def test(server: Served) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        picture(tmp_path / "output/x.jpg", mode="RGB", colour=(1, 2, 3), exif=exif)
        assert (await image(server, "filename=x.jpg&preview=webp"))[1].size == (16, 32)

    serving(tmp_path, test, NOBODY)


@pytest.mark.parametrize(
    "name", ["x.svg", "x.html", "x.htm", "x.js", "x.css", "x.xml", "x.xhtml", "x.pdf", "x", "x.PnG.hTmL"]
)
def test_what_could_run_is_only_ever_downloaded(tmp_path, name):
    async def test(server: Served) -> None:
        text = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
        (tmp_path / "output" / name).write_bytes(text)
        for more in ("", "&preview=webp", "&channel=rgb", "&channel=a", "&size=9"):
            status, headers, body = await fetch(server, f"filename={name}{more}")
            assert (status, body) == (200, text)
            assert headers["Content-Type"] == "application/octet-stream"
            assert headers["Content-Disposition"] == f'attachment; filename="{name}"'
            assert headers["X-Content-Type-Options"] == "nosniff"

    serving(tmp_path, test, NOBODY)


def test_films_and_sounds_are_shown(tmp_path):
    async def test(server: Served) -> None:
        for name, kind in (("x.MP4", "video/mp4"), ("x.webm", "video/webm"), ("x.flac", "audio/flac")):
            (tmp_path / "output" / name).write_bytes(b"1234")
            status, headers, body = await fetch(server, f"filename={name}&preview=webp")
            assert (status, headers["Content-Type"], body) == (200, kind, b"1234")
            assert "attachment" not in headers["Content-Disposition"]

    serving(tmp_path, test, NOBODY)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 404), ("filename=nope.png", 404), ("filename=nope.png&preview=webp", 404), ("filename=", 400),
        ("filename=/etc/passwd", 400), ("filename=../x.png", 400), ("filename=x.png&type=models", 400),
        ("filename=x.png&type=", 400), ("filename=x.png&subfolder=..", 403), ("filename=x.png&subfolder=/etc", 403),
        ("filename=sub", 404), ("filename=x.png/y", 404), ("filename=%ED%A0%80.png", 404),
    ],
)  # fmt: skip
def test_refusals(tmp_path, query, status):
    async def test(server: Served) -> None:
        picture(tmp_path / "output/x.png")
        (tmp_path / "output/sub").mkdir()
        error = (await server.get(f"/view?{query}", status))["error"]
        assert error["message"].endswith(".") and error["type"]

    serving(tmp_path, test, NOBODY)


def test_names_with_dots_and_letters_of_any_kind(tmp_path):
    async def test(server: Served) -> None:
        for name in ("a..b.png", "ä ö.png", "[x] (1).png", '日本 "x".png', "100%.png"):
            picture(tmp_path / "output" / name)
            async with server.session.get(f"{server.url}/view", params={"filename": name}) as answer:
                assert answer.status == 200
                said = answer.headers["Content-Disposition"]
                assert said.isascii()
                full = said.partition("filename*=UTF-8''")[2]
                assert (unquote(full) if full else said.removeprefix('filename="').removesuffix('"')) == name

    serving(tmp_path, test, NOBODY)


def test_a_few_bytes_that_claim_a_huge_picture_are_not_decoded(tmp_path):
    async def test(server: Served) -> None:
        (tmp_path / "output/bomb.png").write_bytes(png_that_claims(60_000, 60_000))
        for query in ("preview=webp", "channel=rgb", "channel=a", "size=64"):
            error = (await server.get(f"/view?filename=bomb.png&{query}", 413))["error"]
            assert "million pixels" in error["message"] and error["details"]
        assert (await fetch(server, "filename=bomb.png"))[0] == 200

    serving(tmp_path, test, NOBODY)


def test_damaged_pictures_are_refused_with_a_sentence(tmp_path):
    async def test(server: Served) -> None:
        picture(tmp_path / "output/x.png", size=(64, 64))
        whole = (tmp_path / "output/x.png").read_bytes()
        for number, data in enumerate((b"", b"GIF89a", whole[:40], whole[:60], whole.replace(b"IDAT", b"IDAX"))):
            (tmp_path / f"output/{number}.png").write_bytes(data)
            error = (await server.get(f"/view?filename={number}.png&preview=webp", 422))["error"]
            assert error["message"].endswith(".")

    serving(tmp_path, test, NOBODY)


def test_the_compressed_neighbour_of_a_file_is_not_sent_in_its_place(tmp_path):
    async def test(server: Served) -> None:
        picture(tmp_path / "output/x.png")
        (tmp_path / "output/x.png.gz").write_bytes(gzip.compress(b"something else"))
        _, headers, body = await fetch(server, "filename=x.png", headers={"Accept-Encoding": "gzip"})
        assert body == (tmp_path / "output/x.png").read_bytes()
        assert "Content-Encoding" not in headers

    serving(tmp_path, test, NOBODY)


def test_a_preview_asked_for_again_is_not_made_again(tmp_path, monkeypatch):
    from web.routes import view

    made = []

    def counted(path, rendering):
        made.append(path)
        return render(path, rendering)

    render = view.render
    monkeypatch.setattr(view, "render", counted)

    async def test(server: Served) -> None:
        file = tmp_path / "output/x.png"
        picture(file)
        bodies = {(await fetch(server, "filename=x.png&preview=webp"))[2] for _ in range(3)}
        assert (len(bodies), len(made)) == (1, 1)
        picture(file, size=(5, 5))
        os.utime(file, ns=(1, 1))
        assert (await image(server, "filename=x.png&preview=webp"))[1].size == (5, 5)
        assert len(made) == 2

    serving(tmp_path, test, NOBODY)


def test_what_goes_by_a_pictures_name_is_never_handed_to_another_program(tmp_path):
    async def test(server: Served) -> None:
        for name, how in (("a.png", "EPS"), ("b.png", "PPM")):
            Image.new("RGB", (8, 8)).save(tmp_path / "output" / name, how)
        for name in ("a.png", "b.png"):
            assert (await fetch(server, f"filename={name}&preview=webp"))[0] == 422

    serving(tmp_path, test, NOBODY)


def test_a_link_to_a_name_beyond_unicode_is_served(tmp_path):
    async def test(server: Served) -> None:
        odd = tmp_path / "output" / os.fsdecode(b"\xff.png")
        odd.write_bytes(b"PNG")
        (tmp_path / "output" / "x.png").symlink_to(odd)
        status, headers, body = await fetch(server, "filename=x.png")
        assert (status, body) == (200, b"PNG") and headers["Content-Disposition"].startswith('filename="_.png";')

    serving(tmp_path, test, NOBODY)
