"""API v2: assets are uploaded, found by their content, used in workflows, deleted."""

import asyncio
import io

import aiohttp
import pytest
from PIL import Image

from tests.web.helpers.serving import NOBODY, serving
from tests.web.v2_helpers import (
    V2,
    bytes_of,
    drawn,
    form,
    hash_of,
    loaded,
    png,
    run,
    safetensors,
    submit,
    upload,
    worker,
)


def reference(asset, **more):
    return {"__type": "core/ASSET", "info": {"id": asset["id"], **more}}


def test_an_upload_is_hashed_kept_and_served(tmp_path):
    async def test(server):
        data = png()
        asset = await upload(server, data, file_path="photo.png", content_type="image/png", tags=["a", "b"])
        assert asset["id"].startswith("asset_") and asset["hash"] == hash_of(data) and asset["created_new"]
        assert (asset["file_path"], asset["content_type"], asset["size_bytes"]) == ("photo.png", "image/png", len(data))
        assert asset["tags"] == ["a", "b"] and asset["job_id"] is None
        assert (tmp_path / "input" / "photo.png").read_bytes() == data
        assert not list((tmp_path / "temp").rglob(".uploading-*"))
        status, got, headers = await bytes_of(server, asset["url"])
        assert (status, got, headers["Content-Type"]) == (200, data, "image/png")
        status, got, headers = await bytes_of(server, asset["url"], headers={"Range": "bytes=1-3"})
        assert (status, got) == (206, data[1:4]) and headers["Content-Range"] == f"bytes 1-3/{len(data)}"
        assert (await bytes_of(server, asset["url"], headers={"Range": f"bytes={len(data)}-"}))[0] == 416

    serving(tmp_path, test, NOBODY)


def test_known_bytes_are_not_stored_twice(tmp_path):
    async def test(server):
        data = png()
        first = await upload(server, data, file_path="photo.png")
        again = await upload(server, data, 200, file_path="photo.png")
        assert again["id"] == first["id"] and again["created_new"] is False
        renamed = await upload(server, data, 200, file_path="other.png")
        assert renamed["id"] != first["id"] and renamed["file_path"] == "other.png"
        assert [path.name for path in (tmp_path / "input").iterdir()] == ["photo.png"]
        found = await server.post(f"{V2}/assets/from-hash", {"hash": first["hash"], "file_path": "photo.png"})
        assert found["id"] == first["id"]
        minted = await server.post(f"{V2}/assets/from-hash", {"hash": first["hash"], "file_path": "third.png"}, 201)
        assert minted["id"] not in (first["id"], renamed["id"]) and minted["created_new"] is False
        assert (await server.post(f"{V2}/assets/from-hash", {"hash": first["hash"]}))["id"] == first["id"]

    serving(tmp_path, test, NOBODY)


def test_bytes_that_changed_on_the_disk_are_not_known_any_more(tmp_path):
    async def test(server):
        asset = await upload(server, png(), file_path="photo.png")
        assert (await server.session.head(f"{server.url}{V2}/assets/by-hash/{asset['hash']}")).status == 200
        (tmp_path / "input" / "photo.png").write_bytes(png((1, 2, 3)))
        assert (await server.session.head(f"{server.url}{V2}/assets/by-hash/{asset['hash']}")).status == 404
        told = await server.post(f"{V2}/assets/from-hash", {"hash": asset["hash"]}, 404)
        assert told["error"]["code"] == "blob_not_found"

    serving(tmp_path, test, NOBODY)


def test_an_upload_never_takes_another_files_place(tmp_path):
    async def test(server):
        (tmp_path / "input" / "photo.png").write_bytes(b"mine")
        asset = await upload(server, png(), file_path="photo.png")
        assert (tmp_path / "input" / "photo.png").read_bytes() == b"mine"
        assert (tmp_path / "input" / "photo (1).png").read_bytes() == png()
        (tmp_path / "input" / "known.png").write_bytes(png((9, 9, 9)))  # the same bytes, put there by hand
        known = await upload(server, png((9, 9, 9)), 200, file_path="known.png")
        assert known["created_new"] is False and not (tmp_path / "input" / "known (1).png").exists()
        assert asset["file_path"] == "photo.png"

    serving(tmp_path, test, NOBODY)


def test_uploads_at_the_same_time_each_get_a_name(tmp_path):
    async def test(server):
        pictures = [png((n, n, n), 40) for n in range(8)]
        assets = await asyncio.gather(*(upload(server, data, file_path="same.png") for data in pictures))
        assert len({asset["id"] for asset in assets}) == 8
        for asset, data in zip(assets, pictures, strict=True):
            assert (await bytes_of(server, asset["url"]))[1] == data

    serving(tmp_path, test, NOBODY)


def test_a_wrong_hash_is_refused(tmp_path):
    async def test(server):
        told = await upload(server, png(), 409, file_path="a.png", expected_hash=hash_of(b"other"))
        assert told["error"]["code"] == "hash_mismatch" and told["error"]["details"]["received"] == hash_of(png())
        assert (await upload(server, png(), 422, file_path="a.png", expected_hash="md5:1"))["error"]["code"]
        assert not list((tmp_path / "input").iterdir()) and not list((tmp_path / "temp").rglob(".uploading-*"))
        for odd in ("x", "blake3:" + "A" * 64, 5, None):
            assert (await server.post(f"{V2}/assets/from-hash", {"hash": odd}, 422))["error"][
                "code"
            ] == "invalid_request"

    serving(tmp_path, test, NOBODY)


def test_uploads_have_a_limit(tmp_path):
    async def test(server):
        told = await upload(server, b"x" * 300_000, 413, file_path="a.png")
        assert told["error"]["code"] == "payload_too_large" and "--max-upload-size" in told["error"]["message"]
        told = await upload(server, b"x" * 120_000, 413, file_path="a.png")  # within what its length lets through
        assert told["error"]["code"] == "payload_too_large"
        await upload(server, b"x" * 100_000, file_path="a.png")
        assert not list((tmp_path / "temp").rglob(".uploading-*"))

    serving(tmp_path, test, NOBODY, max_upload_bytes=100_000)


def test_bodies_that_are_no_upload(tmp_path):
    async def test(server):
        assert (await server.post(f"{V2}/assets", {}, 422))["error"]["code"] == "invalid_request"
        odd = {"Content-Type": "multipart/form-data; boundary=x"}
        for data in (b"", b"nothing", b"--x\r\n\r\n", b"--x\r\nContent-Disposition: form-data; name=file\r\n\r\nabc"):
            async with server.session.post(f"{server.url}{V2}/assets", data=data, headers=odd) as answer:
                assert answer.status in (400, 422) and (await answer.json())["error"]["code"]
        empty = aiohttp.FormData({"file_path": "a.png"}, default_to_multipart=True)
        assert (await server.ask("POST", f"{V2}/assets", 422, data=empty))["error"]["message"].endswith("'file'.")
        twice = form(b"a", file_path="a.png")
        twice.add_field("file", b"b", filename="b.png")
        assert "twice" in (await server.ask("POST", f"{V2}/assets", 422, data=twice))["error"]["message"]
        told = await server.ask("POST", f"{V2}/assets", 422, data=form(b"a", content_type="x" * 70_000))
        assert told["error"]["code"] == "invalid_request"
        assert (await upload(server, b"a", 422, file_path="a.png", tags=["x"] * 40))["error"][
            "code"
        ] == "invalid_request"
        assert not list((tmp_path / "input").iterdir()) and not list((tmp_path / "temp").rglob(".uploading-*"))

    serving(tmp_path, test, NOBODY)


@pytest.mark.parametrize(
    "file_path",
    [
        "../out.png", "/etc/passwd", "a/../../b.png", "..\\b.png", "C:\\b.png", "input/../models/loras/x.safetensors",
        "models/loras/../../x.safetensors", "models/custom_nodes/x.py", "models/configs/x.safetensors",
        "models/nope/x.safetensors", "models/x.safetensors", "models/loras/x.ckpt", "loras/x.pt", ".hidden.png",
        "a/.b/c.png", "a\0b.png", "x" * 2000, "a:b.png", "link/x.png", "models/loras/link/x.safetensors",
    ],
)  # fmt: skip
def test_names_that_are_refused(tmp_path, file_path):
    async def test(server):
        outside = tmp_path.parent / f"{tmp_path.name} outside"
        outside.mkdir()
        (tmp_path / "input" / "link").symlink_to(outside)
        (tmp_path / "models" / "loras").mkdir(parents=True)
        (tmp_path / "models" / "loras" / "link").symlink_to(outside)
        told = await upload(server, safetensors(), 422, file_path=file_path)
        assert told["error"]["code"] == "invalid_request" and str(tmp_path) not in told["error"]["message"]
        assert not list(outside.iterdir())

    serving(tmp_path, test, NOBODY)


def test_models_are_sound_safetensors_and_never_overwritten(tmp_path):
    async def test(server):
        name = "models/loras/style/fine.safetensors"
        asset = await upload(server, safetensors(), file_path=name)
        assert (tmp_path / name).read_bytes() == safetensors() and asset["file_path"] == name
        assert (await upload(server, safetensors(), 200, file_path=name))["id"] == asset["id"]
        told = await upload(server, safetensors(b"\1" * 8), 409, file_path=name)
        assert told["error"]["code"] == "file_exists" and (tmp_path / name).read_bytes() == safetensors()
        copied = await upload(server, safetensors(), 200, file_path="vae/fine.safetensors")
        assert (tmp_path / "models" / "vae" / "fine.safetensors").read_bytes() == safetensors()
        assert copied["id"] != asset["id"]
        sound = safetensors()
        broken = {
            "empty": b"",
            "a pickle": b"\x80\x04" + b"a" * 100,
            "cut off": sound[:-1],
            "padded": sound + b"\0",
            "no header": (2**40).to_bytes(8, "little") + b"{}",
            "no JSON": (4).to_bytes(8, "little") + b"{]}}",
            "no object": (2).to_bytes(8, "little") + b"[]",
            "wrong size": safetensors(shape=[7]),
            "unknown type": safetensors(dtype="Z9"),
            "negative": safetensors(data_offsets=[-8, 0]),
            "gap": safetensors(data_offsets=[1, 9]),
            "no shape": safetensors(shape="2"),
        }
        for what, data in broken.items():
            told = await upload(server, data, 422, file_path="models/loras/broken.safetensors")
            assert "safetensors" in told["error"]["message"], what
        assert not (tmp_path / "models" / "loras" / "broken.safetensors").exists()

    serving(tmp_path, test, NOBODY)


def test_assets_stand_in_workflows(tmp_path):
    async def test(server):
        picture = png((250, 120, 5))
        asset = await upload(server, picture, file_path="in a folder/photo.png")
        job = await run(server, loaded(reference(asset)))
        assert job["status"] == "succeeded", job["error"]
        assert await colour(server, job) == (250, 120, 5)
        told = await server.get(f"{V2}/jobs/{job['id']}/workflow")
        assert told["workflow"]["10"]["inputs"]["image"] == "in a folder/photo.png"
        again = await run(server, loaded(reference(job["outputs"][0])))  # an output as an input
        assert await colour(server, again) == (250, 120, 5)
        by_hash = await run(server, loaded({"__type": "core/ASSET", "info": {"hash": asset["hash"]}}))
        assert by_hash["status"] == "succeeded"
        model = await upload(server, safetensors(), file_path="models/loras/mine.safetensors")
        prompt = drawn(5)
        prompt["2"] = {"class_type": "Lora", "inputs": {"picture": ["1", 0], "name": reference(model)}}
        prompt["9"]["inputs"]["images"] = ["2", 0]
        assert (await run(server, prompt))["status"] == "succeeded"

    serving(tmp_path, test, [worker(tmp_path)])


async def colour(server, job):
    _, data, _ = await bytes_of(server, job["outputs"][0]["url"])
    return Image.open(io.BytesIO(data)).getpixel((0, 0))


def test_assets_that_are_not_here_are_named(tmp_path):
    async def test(server):
        asset = await upload(server, png(), file_path="photo.png")
        (tmp_path / "input" / "photo.png").unlink()
        for wrong in (
            reference({"id": "asset_1"}),
            reference(asset),
            {"__type": "core/ASSET"},
            {"__type": "core/ASSET", "id": asset["id"]},
            {"__type": "core/ASSET", "info": {"id": 5}},
            {"__type": "core/ASSET", "info": {"hash": hash_of(b"never")}},
        ):
            told = await submit(server, {"1": {"class_type": "Show", "inputs": {"text": wrong}}}, 422)
            assert told["error"]["code"] == "missing_asset", wrong

    serving(tmp_path, test, NOBODY)


def test_deleting(tmp_path):
    async def test(server):
        data = png()
        first = await upload(server, data, file_path="photo.png")
        second = await upload(server, data, 200, file_path="other.png")
        await server.ask("DELETE", f"{V2}/assets/{first['id']}", 204)
        assert (tmp_path / "input" / "photo.png").exists()  # the other stands for it
        await server.ask("DELETE", f"{V2}/assets/{second['id']}", 204)
        assert not (tmp_path / "input" / "photo.png").exists()
        await server.ask("DELETE", f"{V2}/assets/{second['id']}", 404)
        (tmp_path / "input" / "mine.png").write_bytes(data)
        mine = await upload(server, data, 200, file_path="mine.png")
        await server.ask("DELETE", f"{V2}/assets/{mine['id']}", 204)
        assert (tmp_path / "input" / "mine.png").exists()  # it did not come by an upload

    serving(tmp_path, test, NOBODY)


def test_an_output_that_is_gone_says_so(tmp_path):
    async def test(server):
        job = await run(server, drawn(3))
        next((tmp_path / "output").rglob("*.png")).unlink()
        status, data, _ = await bytes_of(server, job["outputs"][0]["url"])
        assert status == 404 and b"content_removed" in data
        assert len((await server.get(f"{V2}/jobs/{job['id']}"))["outputs"]) == 1

    serving(tmp_path, test, [worker(tmp_path)])


def test_what_a_browser_must_not_show_is_an_attachment(tmp_path):
    async def test(server):
        page = await upload(server, b"<script>alert(1)</script>", file_path="page.html", content_type="text/html")
        _, _, headers = await bytes_of(server, page["url"])
        assert headers["Content-Type"] == "application/octet-stream" and headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Disposition"].startswith("attachment")
        drawing = await upload(server, b"<svg/>", file_path="a.svg", content_type="image/svg+xml")
        _, _, headers = await bytes_of(server, drawing["url"])
        assert headers["Content-Disposition"].startswith("attachment")

    serving(tmp_path, test, NOBODY)


def test_assets_outlive_the_server(tmp_path):
    kept = {}

    async def before(server):
        kept.update(await upload(server, png(), file_path="photo.png", tags=["t"]))
        (tmp_path / "temp" / ".uploading-cut-off").write_bytes(b"half")

    async def after(server):
        asset = await server.get(f"{V2}/assets/{kept['id']}")
        assert (asset["hash"], asset["tags"], asset["created_at"]) == (kept["hash"], ["t"], kept["created_at"])
        assert not list((tmp_path / "temp").rglob(".uploading-*"))

    serving(tmp_path, before, NOBODY)
    serving(tmp_path, after, NOBODY)
