"""Uploads: what is kept, under which name, and what is refused."""

import asyncio
import io
import json
import os

import aiohttp
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.web.helpers.serving import NOBODY, Served, serving
from tests.web.test_web_files_view import png_that_claims
from web.files import placing

ORIENTATION, TURNED_RIGHT = 0x0112, 6  # EXIF: how the camera was held


def png(colour=(1, 2, 3), size=(8, 8), texts=None) -> bytes:
    info = PngInfo()
    for key, value in (texts or {}).items():
        info.add_text(key, value)
    data = io.BytesIO()
    Image.new("RGBA" if len(colour) == 4 else "RGB", size, colour).save(data, "PNG", pnginfo=info)
    return data.getvalue()


def form(data: bytes | None, name="x.png", **fields: str) -> aiohttp.FormData:
    result = aiohttp.FormData(quote_fields=False, default_to_multipart=True)
    for key, value in fields.items():
        result.add_field(key, value)
    if data is not None:
        result.add_field("image", data, filename=name, content_type="image/png")
    return result


async def upload(server: Served, data: bytes | None, name="x.png", status=200, to="image", **fields: str):
    return await server.ask("POST", f"/upload/{to}", status, data=form(data, name, **fields))


def everything(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_file_is_kept_once_for_its_content(tmp_path):
    async def test(server: Served) -> None:
        first, second, third = png((1, 1, 1)), png((2, 2, 2)), png((3, 3, 3))
        assert await upload(server, first) == {"name": "x.png", "subfolder": "", "type": "input"}
        assert (await upload(server, first))["name"] == "x.png"
        assert (await upload(server, second))["name"] == "x (1).png"
        assert (await upload(server, third))["name"] == "x (2).png"
        assert (await upload(server, second))["name"] == "x (1).png"
        assert (tmp_path / "input/x (1).png").read_bytes() == second
        for flag in ("true", "1"):
            assert (await upload(server, third, overwrite=flag))["name"] == "x.png"
        assert (tmp_path / "input/x.png").read_bytes() == third
        assert everything(tmp_path / "input") == ["x (1).png", "x (2).png", "x.png"]
        assert everything(tmp_path / "temp") == []

    serving(tmp_path, test, NOBODY)


def test_places(tmp_path):
    async def test(server: Served) -> None:
        said = await upload(server, png(), subfolder="a/b", type="temp")
        assert said == {"name": "x.png", "subfolder": "a/b", "type": "temp"}
        assert (tmp_path / "temp/a/b/x.png").is_file()
        assert (await upload(server, png(), type="output"))["type"] == "output"
        assert (await upload(server, png(), "c/y.png"))["subfolder"] == "c"
        assert (await upload(server, b"not a picture", "notes.txt"))["name"] == "notes.txt"
        assert (await upload(server, b"", "empty.latent"))["name"] == "empty.latent"
        async with server.session.post(f"{server.url}/api/upload/image", data=form(png())) as answer:
            assert answer.status == 200

    serving(tmp_path, test, NOBODY)


def test_kept_files_are_as_readable_as_others(tmp_path):
    if os.name != "posix":
        pytest.skip("permissions are told otherwise here")

    async def test(server: Served) -> None:
        await upload(server, png())
        plain = tmp_path / "plain"
        plain.touch()
        assert (tmp_path / "input/x.png").stat().st_mode == plain.stat().st_mode

    serving(tmp_path, test, NOBODY)


def test_many_uploads_of_one_name_at_once(tmp_path):
    async def test(server: Served) -> None:
        pictures = [png((number, 0, 0)) for number in range(12)]
        names = [said["name"] for said in await asyncio.gather(*(upload(server, data) for data in pictures))]
        assert len(set(names)) == 12
        assert {(tmp_path / "input" / name).read_bytes() for name in names} == set(pictures)

    serving(tmp_path, test, NOBODY)


@pytest.mark.parametrize(
    ("fields", "name", "status"),
    [
        ({"subfolder": ".."}, "x.png", 400), ({"subfolder": "/etc"}, "x.png", 400), ({}, "../x.png", 400),
        ({"type": "models"}, "x.png", 400), ({}, "x" * 300 + ".png", 400), ({"subfolder": "a\\b"}, "x.png", 400),
        ({"note": "x" * 70_000}, "x.png", 413), ({f"f{number}": "" for number in range(70)}, "x.png", 413),
    ],
)  # fmt: skip
def test_refusals(tmp_path, fields, name, status):
    async def test(server: Served) -> None:
        error = (await upload(server, png(), name, status, **fields))["error"]
        assert error["message"].endswith(".")
        assert everything(tmp_path / "input") == everything(tmp_path / "temp") == []

    serving(tmp_path, test, NOBODY)


def test_a_form_without_a_file(tmp_path):
    async def test(server: Served) -> None:
        await upload(server, None, status=400, type="input")
        usual = "multipart/form-data; boundary=x"
        for body, kind in (
            (b"", usual),
            (b'--x\r\nContent-Disposition: form-data; name="image"\r\n\r\nabc\r\n--x--\r\n', usual),
            (b"hello", "multipart/form-data"),
            (b"hello", usual),
            (b"--x\r\nno header\r\n\r\n--x--", usual),
            (b"--x\r\nContent-Type: multipart/mixed; boundary=z\r\n\r\n--z--\r\n--x--", usual),
            (b"a=1", "application/x-www-form-urlencoded"),
            (b"{}", "application/json"),
        ):  # fmt: skip
            for to in ("image", "mask"):
                error = await server.ask("POST", f"/upload/{to}", 400, data=body, headers={"Content-Type": kind})
                assert error["error"]["message"].endswith(".")
        assert everything(tmp_path / "input") == everything(tmp_path / "temp") == []

    serving(tmp_path, test, NOBODY)


def test_a_body_that_is_too_large_leaves_nothing_behind(tmp_path):
    async def test(server: Served) -> None:
        error = (await upload(server, os.urandom(200_000), status=413))["error"]
        assert "100,000 bytes" in error["message"] and "--max-upload-size" in error["details"]

        async def endless():
            yield b'--x\r\nContent-Disposition: form-data; name="image"; filename="x.png"\r\n\r\n'
            for _ in range(80):
                yield os.urandom(50_000)

        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        try:
            async with server.session.post(f"{server.url}/upload/image", data=endless(), headers=headers) as answer:
                assert answer.status == 413
        except aiohttp.ClientConnectionError:
            pass  # the server hung up while the body was still being sent
        assert everything(tmp_path / "input") == everything(tmp_path / "temp") == []
        assert (await upload(server, os.urandom(90_000), "y.bin"))["name"] == "y.bin"

    serving(tmp_path, test, NOBODY, max_upload_bytes=100_000)


def test_a_broken_off_upload_leaves_nothing_behind(tmp_path):
    async def test(server: Served) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(
            b"POST /upload/image HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 90000\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n"
            b'--x\r\nContent-Disposition: form-data; name="image"; filename="x.png"\r\n\r\n' + b"a" * 20_000
        )
        await writer.drain()
        temp = tmp_path / "temp"
        while not any(temp.glob(".uploading-*")):
            await asyncio.sleep(0.01)
        writer.transport.abort()
        while any(temp.glob(".uploading-*")):
            await asyncio.sleep(0.01)
        assert everything(tmp_path / "input") == []
        del reader

    serving(tmp_path, test, NOBODY)


def test_what_a_killed_server_had_received_in_part_is_removed(tmp_path):
    (tmp_path / "temp").mkdir()
    (tmp_path / "temp/.uploading-0123456789abcdef").write_bytes(b"half")
    (tmp_path / "temp/kept.png").touch()

    async def test(server: Served) -> None:
        assert everything(tmp_path / "temp") == ["kept.png"]

    serving(tmp_path, test, NOBODY)


def test_a_picture_of_too_many_pixels_is_refused(tmp_path):
    async def test(server: Served) -> None:
        error = (await upload(server, png_that_claims(60_000, 60_000), status=413))["error"]
        assert "million pixels" in error["message"]
        assert everything(tmp_path / "input") == []

    serving(tmp_path, test, NOBODY)


def test_another_disk_is_copied_to(tmp_path, monkeypatch):
    import errno
    from pathlib import Path

    real = Path.replace

    def replace(self, target):
        if self.name.startswith(".uploading-"):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return real(self, target)

    monkeypatch.setattr(placing.Path, "replace", replace)

    async def test(server: Served) -> None:
        await upload(server, png())
        assert (tmp_path / "input/x.png").read_bytes() == png()
        assert everything(tmp_path / "input") == ["x.png"] and everything(tmp_path / "temp") == []

    serving(tmp_path, test, NOBODY)


def test_a_full_disk_is_told(tmp_path, monkeypatch):
    import errno

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("web.files.placing._move", full)

    async def test(server: Served) -> None:
        error = (await upload(server, png(), status=507))["error"]
        assert "disk is full" in error["message"]
        assert everything(tmp_path / "input") == everything(tmp_path / "temp") == []

    serving(tmp_path, test, NOBODY)


def test_a_mask_gives_the_original_its_transparency(tmp_path):
    async def test(server: Served) -> None:
        (tmp_path / "output/sub").mkdir()
        texts = {"workflow": '{"nodes": []}', "prompt": "ü"}
        (tmp_path / "output/sub/o.png").write_bytes(png((10, 20, 30), texts=texts))
        reference = json.dumps({"filename": "o.png", "subfolder": "sub", "type": "output"})
        said = await upload(
            server, png((9, 9, 9, 77)), "clip.png", to="mask", original_ref=reference, subfolder="clipspace"
        )
        assert said == {"name": "clip.png", "subfolder": "clipspace", "type": "input"}
        with Image.open(tmp_path / "input/clipspace/clip.png") as result:
            assert result.getpixel((0, 0)) == (10, 20, 30, 77)
            assert result.text == texts
        again = json.dumps({"filename": "o.png [output]", "subfolder": "sub"})
        await upload(server, png((9, 9, 9, 77), (4, 4)), "small.png", to="mask", original_ref=again)
        with Image.open(tmp_path / "input/small.png") as result:
            assert result.size == (8, 8)

    serving(tmp_path, test, NOBODY)


def test_a_mask_fits_the_picture_as_it_is_seen(tmp_path):
    async def test(server: Served) -> None:
        camera = Image.new("RGB", (8, 4), (10, 20, 30))
        camera.putpixel((0, 0), (200, 0, 0))
        exif = camera.getexif()
        exif[ORIENTATION] = TURNED_RIGHT
        camera.save(tmp_path / "input/camera.png", exif=exif)
        Image.new("I;16", (8, 4), 0x8000).save(tmp_path / "input/deep.png")
        for name, size in (("camera.png", (4, 8)), ("deep.png", (8, 4))):
            mask = Image.new("LA", size, (0, 255))
            mask.putpixel((1, 2), (0, 7))
            sent = io.BytesIO()
            mask.save(sent, "PNG")
            reference = json.dumps({"filename": name, "type": "input"})
            await upload(server, sent.getvalue(), f"masked-{name}", to="mask", original_ref=reference)
        with Image.open(tmp_path / "input/masked-camera.png") as result:
            assert (result.size, result.getexif().get(ORIENTATION)) == ((4, 8), None)
            assert result.getpixel((3, 0)) == (200, 0, 0, 255)
            assert result.getpixel((1, 2)) == (10, 20, 30, 7)
        with Image.open(tmp_path / "input/masked-deep.png") as result:
            assert result.getpixel((1, 2)) == (128, 128, 128, 7)

    serving(tmp_path, test, NOBODY)


@pytest.mark.parametrize(
    ("reference", "status"),
    [
        ("", 400), ("[]", 400), ("{", 400), ("[" * 100_000, 413), ("[" * 30_000, 400), ('{"filename": ""}', 400),
        ('{"filename": "../o.png"}', 400), ('{"filename": "o.png", "subfolder": ".."}', 400),
        ('{"filename": "o.png", "type": "nope"}', 400), ('{"filename": "none.png"}', 404),
        ('{"filename": "\\ud800.png"}', 400), ('{"filename": 7}', 404), ('{"filename": "text.png"}', 422),
    ],
)  # fmt: skip
def test_masks_of_originals_that_are_none(tmp_path, reference, status):
    async def test(server: Served) -> None:
        (tmp_path / "output/text.png").write_text("no picture")
        error = (await upload(server, png((1, 2, 3, 4)), to="mask", status=status, original_ref=reference))["error"]
        assert error["message"].endswith(".")
        assert everything(tmp_path / "input") == everything(tmp_path / "temp") == []

    serving(tmp_path, test, NOBODY)
