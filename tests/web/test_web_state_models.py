"""Models, the machine, the log, and what node packs bring for browsers."""

import base64
import io
import json
import os
import struct
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from PIL import Image

from execution.workers.messages import Pack
from tests.web.helpers.serving import NOBODY, Served, serving
from tests.web.helpers.sockets import ears
from web.files import memory

KINDS = [
    "checkpoints", "configs", "loras", "vae", "text_encoders", "diffusion_models", "clip_vision", "style_models",
    "embeddings", "diffusers", "vae_approx", "controlnet", "gligen", "upscale_models", "custom_nodes", "hypernetworks",
    "photomaker", "classifiers", "model_patches", "audio_encoders",
]  # fmt: skip


def model(path: Path, metadata: dict | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    header = json.dumps({} if metadata is None else {"__metadata__": metadata}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header)


def webp(colour) -> str:
    data = io.BytesIO()
    Image.new("RGB", (4, 2), colour).save(data, "PNG")
    return base64.b64encode(data.getvalue()).decode()


def test_model_folders(tmp_path):
    async def test(server: Served) -> None:
        model(tmp_path / "models/loras/sub/deep.safetensors")
        model(tmp_path / "models/loras/a.safetensors")
        model(tmp_path / "models/clip/t.safetensors")
        model(tmp_path / "models/embeddings/my emb.safetensors")
        (tmp_path / "models/loras/notes.txt").touch()
        assert await server.get("/models") == KINDS
        assert await server.get("/api/models/loras") == ["a.safetensors", "sub/deep.safetensors"]
        assert await server.get("/models/text_encoders") == ["t.safetensors"]
        assert await server.get("/models/custom_nodes") == []
        assert await server.get("/embeddings") == ["my emb"]
        for unknown in ("unet", "clip", "nope", "..", "%2e%2e%2f"):
            assert await server.get(f"/models/{unknown}x", 404) is None
        folders = {entry["name"]: entry["folders"] for entry in await server.get("/experiment/models")}
        assert set(folders) == set(KINDS) - {"configs", "custom_nodes"}
        assert folders["loras"] == [str(tmp_path / "models/loras"), str(tmp_path / "output/loras")]  # the saved ones
        (entry,) = await server.get("/experiment/models/text_encoders")
        assert entry["name"] == "t.safetensors"
        assert folders["text_encoders"][entry["pathIndex"]] == str(tmp_path / "models/clip")
        assert entry["size"] == (tmp_path / "models/clip/t.safetensors").stat().st_size and entry["modified"] > 0
        assert await server.get("/experiment/models/nope", 404) is None

    serving(tmp_path, test, NOBODY)


def test_metadata(tmp_path):
    async def test(server: Served) -> None:
        loras = tmp_path / "models/loras"
        model(loras / "sub/a.safetensors", {"ss_network_dim": "8"})
        model(loras / "none.safetensors")
        (loras / "huge.safetensors").write_bytes(struct.pack("<Q", 2**60) + b"{}")
        (loras / "short.safetensors").write_bytes(b"1234")
        (loras / "text.safetensors").write_bytes(struct.pack("<Q", 4) + b"}{}{")
        (loras / "list.safetensors").write_bytes(struct.pack("<Q", 2) + b"[]")
        (loras / "deep.safetensors").write_bytes(struct.pack("<Q", 200_000) + b"[" * 200_000)
        model(loras / "x.ckpt", {"a": "b"})
        assert await server.get("/view_metadata/loras?filename=sub/a.safetensors") == {"ss_network_dim": "8"}
        bad = ("none", "huge", "short", "text", "list", "deep", "missing", "../loras/none", "/etc/passwd", "%00")
        for name in bad:
            assert await server.get(f"/view_metadata/loras?filename={name}.safetensors", 404) is None
        for query in ("loras", "loras?filename=", "loras?filename=x.ckpt", "nope?filename=sub/a.safetensors"):
            assert await server.get(f"/view_metadata/{query}", 404) is None

    serving(tmp_path, test, NOBODY)


def test_pictures_of_models(tmp_path):
    async def test(server: Served) -> None:
        loras = tmp_path / "models/loras"
        model(loras / "sub/beside.safetensors")
        Image.new("RGB", (4, 2), (200, 0, 0)).save(loras / "sub/beside.preview.png")
        model(loras / "within.safetensors", {"ssmd_cover_images": json.dumps([webp((0, 200, 0))])})
        model(loras / "broken.safetensors", {"ssmd_cover_images": json.dumps(["%%%"])})
        model(loras / "none.safetensors")
        for name, channel in (("sub/beside", 0), ("within", 1)):
            url = f"{server.url}/experiment/models/preview/loras/0/{name}.safetensors"
            async with server.session.get(url) as answer:
                assert (answer.status, answer.content_type) == (200, "image/webp")
                shown = Image.open(io.BytesIO(await answer.read())).convert("RGB").getpixel((0, 0))
                assert max(range(3), key=lambda index: shown[index]) == channel
        for rest in (
            "loras/0/broken.safetensors", "loras/0/none.safetensors", "loras/9/within.safetensors",
            "loras/x/within.safetensors", "nope/0/within.safetensors", "loras/-1/within.safetensors",
            "loras/0/sub/beside.preview.png", "loras/0/..%2F..%2Fx.safetensors",
        ):  # fmt: skip
            await server.get(f"/experiment/models/preview/{rest}", 404)

    serving(tmp_path, test, NOBODY)


def test_the_machine(tmp_path):
    async def test(server: Served) -> None:
        stats = await server.get("/api/system_stats")
        system = stats["system"]
        assert system["os"] == os.name and system["argv"] == ["main.py", "--cpu"]
        assert 0 < system["ram_free"] < system["ram_total"]
        assert system["comfyui_version"].count(".") == 2 and system["python_version"].startswith("3.")
        assert {"pytorch_version", "embedded_python", "required_frontend_version"} <= system.keys()
        assert isinstance(stats["devices"], list)

    serving(tmp_path, test, NOBODY, argv=("main.py", "--cpu"))


def test_the_token_on_the_command_line_is_not_told(tmp_path):
    async def test(server: Served) -> None:
        told = await server.get("/system_stats", headers={"Authorization": "Bearer the-token-1"})
        assert told["system"]["argv"] == ["main.py", "--token", "***", "--token=***", "--cpu"]

    argv = ("main.py", "--token", "the-token-1", "--token=the-token-1", "--cpu")
    serving(tmp_path, test, NOBODY, token="the-token-1", argv=argv)


def test_the_devices_of_the_workers(tmp_path):
    async def test(server: Served) -> None:
        await server.ready()
        (device,) = (await server.get("/system_stats"))["devices"]
        assert device["name"]

    serving(tmp_path, test)


def test_memory_is_told_without_proc(monkeypatch, tmp_path):
    told = memory.main_memory()
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "nothing")
    otherwise = memory.main_memory()
    assert abs(otherwise.total - told.total) < 0.02 * told.total
    assert 0 < otherwise.free <= otherwise.total


def test_folder_paths(tmp_path):
    async def test(server: Served) -> None:
        paths = await server.get("/internal/folder_paths")
        assert set(paths) == {*KINDS, "input", "output", "temp"}
        assert paths["output"] == [str(tmp_path / "output")]
        await server.get("/api/internal/folder_paths", 404)

    serving(tmp_path, test, NOBODY)


def test_the_log(tmp_path):
    async def test(server: Served) -> None:
        server.site.logs.write("worker cpu", "line one\n")
        assert "line one\n" in await server.get("/internal/logs")
        raw = await server.get("/internal/logs/raw")
        assert raw["entries"][-1]["m"] == "line one\n" and "T" in raw["entries"][-1]["t"]
        assert raw["size"]["cols"] > 0 and raw["size"]["rows"] > 0
        wanted = {"clientId": "me", "enabled": True}
        async with ears(server, "me") as listening:
            assert await server.ask("PATCH", "/internal/logs/subscribe", 200, json=wanted) is None
            server.site.logs.write("server", "line two")
            said = await listening.until(lambda said: said["type"] == "logs" and "line two" in str(said))
            assert said["data"]["entries"][-1]["m"] == "line two\n" and said["data"]["size"] is None
        for body in ({}, {"clientId": 7}, []):
            await server.ask("PATCH", "/internal/logs/subscribe", 400, json=body)

    serving(tmp_path, test, NOBODY)


def with_pack(server: Served, monkeypatch, folder: Path, name="my pack") -> None:
    pack = Pack(name, str(folder), (), str(folder / "web"), str(folder / "locales"), str(folder / "examples"))
    monkeypatch.setattr(type(server.dispatcher), "packs", property(lambda _: [pack, Pack("plain", str(folder))]))


def test_what_packs_bring(tmp_path, monkeypatch):
    pack = tmp_path / "pack"
    files = {
        "web/a.js": "export {}", "web/sub/b.js": "1", "web/style.css": "x{}", "web/icon.svg": "<svg/>",
        "secret.js": "no", "locales/en/main.json": '{"hi": "x", "nodeDefs": {"A": {"x": 1}}}',
        "locales/en/nodeDefs.json": '{"A": {"y": 2}}',
        "locales/de/settings.json": '{"s": 1}', "locales/fr/main.json": "{broken", "examples/one.json": "{}",
        "examples/one.jpg": "jpg", "examples/two.json": "{}", "examples/three.py": "print()",
    }  # fmt: skip
    for name, text in files.items():
        (pack / name).parent.mkdir(parents=True, exist_ok=True)
        (pack / name).write_text(text)

    async def test(server: Served) -> None:
        assert await server.get("/extensions") == []
        assert await server.get("/i18n") == {}
        assert await server.get("/workflow_templates") == {}
        with_pack(server, monkeypatch, pack)
        urls = await server.get("/api/extensions")
        assert urls == ["/extensions/my%20pack/a.js", "/extensions/my%20pack/sub/b.js"]
        expected = {"a.js": "text/javascript", "style.css": "text/css", "icon.svg": "image/svg+xml"}
        for name, kind in expected.items():
            async with server.session.get(f"{server.url}/extensions/my pack/{name}") as answer:
                assert (answer.status, answer.content_type) == (200, kind)
                assert await answer.text() == files[f"web/{name}"]
        for path in ("my%20pack/..%2Fsecret.js", "my%20pack/none.js", "plain/secret.js", "core/x.js", "nope/a.js"):
            await server.get(f"/extensions/{path}", 404)
        i18n = await server.get("/i18n")
        assert i18n == {"en": {"hi": "x", "nodeDefs": {"A": {"x": 1, "y": 2}}}, "de": {"settings": {"s": 1}}, "fr": {}}
        assert await server.get("/workflow_templates") == {"my pack": ["one", "two"]}
        assert await server.get("/api/workflow_templates/my%20pack/one.json") == {}
        for path in ("my%20pack/three.py", "my%20pack/none.json", "nope/one.json", "my%20pack/..%2Fsecret.json"):
            await server.get(f"/workflow_templates/{path}", 404)

    serving(tmp_path, test, NOBODY)


def test_workflows_that_come_with_weft(tmp_path):
    async def test(server: Served) -> None:
        names = await server.get("/api/templates")
        assert "base_refiner" in names
        for name in names:
            assert (await server.get(f"/api/templates/{name}.json"))["nodes"]
        await server.get("/api/templates/..%2Fpyproject.json", 404)
        await server.get("/api/templates/none.json", 404)

    serving(tmp_path, test, NOBODY)


async def pack_worker(seen: list[web.Request]) -> tuple[web.AppRunner, int]:
    """What a worker serves: the routes of a node pack."""

    async def echo(request: web.Request) -> web.Response:
        seen.append(request)
        if request.headers.get("X-Weft-Worker") != "secret":
            return web.Response(status=403)
        return web.json_response(
            {"name": request.match_info.get("name"), "query": dict(request.query), "body": await request.text()},
            status=201,
            headers={"X-Pack": "yes"},
        )

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for number in range(100):
            await response.write(b"%d," % number)
        return response

    async def broken(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"half")
        request.transport.abort()
        return response

    app = web.Application(client_max_size=2**30)
    app.router.add_get("/pack/{name}", echo)
    app.router.add_post("/pack/{name}", echo)
    app.router.add_get("/api/own", echo)
    app.router.add_get("/stream", stream)
    app.router.add_get("/broken", broken)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, runner.addresses[0][1]


ROUTES = (
    ("GET", "/pack/{name}"), ("POST", "/pack/{name}"), ("GET", "/api/own"), ("GET", "/stream"), ("GET", "/broken"),
)  # fmt: skip


def test_routes_of_packs_are_handed_on_to_the_worker(tmp_path, monkeypatch):
    from dataclasses import replace

    from execution.workers.states import WorkerState

    async def test(server: Served) -> None:
        seen: list[web.Request] = []
        runner, port = await pack_worker(seen)
        try:
            await server.get("/pack/x", 404)
            state = WorkerState("cpu", "ready", routes=ROUTES, address=f"127.0.0.1:{port}", secret="secret")
            monkeypatch.setattr(type(server.dispatcher), "workers", property(lambda _: [state]))
            for prefix in ("", "/api"):
                said = await server.get(f"{prefix}/pack/a%2Fb?q=1%202", 201, headers={"Cookie": "weft-8188=proof"})
                assert said == {"name": "a/b", "query": {"q": "1 2"}, "body": ""}
            assert "Cookie" not in seen[-1].headers
            bare = ("Accept", "Accept-Encoding", "User-Agent")
            async with (
                aiohttp.ClientSession(skip_auto_headers=bare) as session,
                session.get(f"{server.url}/pack/bare") as answer,
            ):
                assert answer.status == 201
            assert not {*bare} & {*seen[-1].headers}  # nothing is asked for that the client did not ask for
            assert (await server.get("/api/own", 201))["name"] is None
            said = await server.ask("POST", "/pack/x", 201, data=b"y" * 200_000, headers={"X-Weft-Worker": "forged"})
            assert len(said["body"]) == 200_000
            async with server.session.get(f"{server.url}/stream") as answer:
                assert (await answer.text()).count(",") == 100
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
            async with server.session.delete(f"{server.url}/pack/x") as answer:
                assert answer.status == 404
            await server.get("/pack/x/y", 404)
            with pytest.raises(Exception, match=r"(?i)payload|disconnect|closed"):
                async with server.session.get(f"{server.url}/broken") as answer:
                    await answer.read()
            assert "queue_running" in await server.get("/queue")
        finally:
            await runner.cleanup()
        assert (await server.get("/pack/x", 502))["error"]["message"].endswith(".")
        state = replace(state, address=str(tmp_path / "no-socket"))
        monkeypatch.setattr(type(server.dispatcher), "workers", property(lambda _: [state]))
        assert (await server.get("/pack/x", 502))["error"]["message"].endswith(".")

    serving(tmp_path, test, NOBODY)


def test_the_servers_token_is_not_handed_on(tmp_path, monkeypatch):
    from execution.workers.states import WorkerState

    async def test(server: Served) -> None:
        seen: list[web.Request] = []
        runner, port = await pack_worker(seen)
        try:
            state = WorkerState("cpu", "ready", routes=ROUTES, address=f"127.0.0.1:{port}", secret="secret")
            monkeypatch.setattr(type(server.dispatcher), "workers", property(lambda _: [state]))
            await server.get("/pack/x", 401)
            said = await server.get("/pack/x", 201, headers={"Authorization": "Bearer a long token"})
            assert said["query"] == {} and "Authorization" not in seen[-1].headers
            assert (await server.post("/pack/x?token=a%20long%20token&q=1", {}, 201))["query"] == {"q": "1"}
            assert (await server.get("/pack/x?token=other", 201, headers={"Authorization": "Bearer a long token"}))[
                "query"
            ] == {"token": "other"}
        finally:
            await runner.cleanup()

    serving(tmp_path, test, NOBODY, token="a long token")


def test_a_body_beyond_the_limit_is_not_handed_on(tmp_path, monkeypatch):
    from execution.workers.states import WorkerState

    async def chunked():
        for _ in range(40):
            yield b"y" * 1_000

    async def test(server: Served) -> None:
        runner, port = await pack_worker([])
        try:
            state = WorkerState("cpu", "ready", routes=ROUTES, address=f"127.0.0.1:{port}", secret="secret")
            monkeypatch.setattr(type(server.dispatcher), "workers", property(lambda _: [state]))
            for data in (b"y" * 40_000, chunked()):
                told = await server.ask("POST", "/pack/x", 413, data=data)
                assert told["error"]["type"] == "body_too_large"
            assert (await server.ask("POST", "/pack/x", 201, data=b"y" * 9_000))["body"]
        finally:
            await runner.cleanup()

    serving(tmp_path, test, NOBODY, max_upload_bytes=10_000)
