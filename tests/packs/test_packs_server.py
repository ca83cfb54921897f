"""HTTP routes, messages and prompt handlers of packs."""

import asyncio
import os
import socket
import tempfile
from pathlib import Path

import aiohttp
import pytest

from execution.workers.messages import Broadcast
from packs.routes import HEADER
from packs.socket_place import free_socket_path

ROUTES = """
from aiohttp import web
from server import PromptServer
import server, folder_paths, threading, time

routes = PromptServer.instance.routes

@routes.get("/pack/hello/{name}")
async def hello(request):
    return web.json_response({"hello": request.match_info["name"], "q": request.query.get("q")})

@PromptServer.instance.routes.post("/pack/echo")
async def echo(request):
    body = await request.json()
    import nodes
    return web.json_response({"body": body, "size": nodes.MAX_RESOLUTION})

@routes.get("/pack/fails")
async def fails(request):
    raise ValueError("no luck")

@routes.get("/pack/refuses")
async def refuses(request):
    raise web.HTTPConflict(text="taken")

@routes.get("/pack/thread")
async def thread(request):
    return web.Response(text=threading.current_thread().name)

@routes.get("/pack/later")
async def later(request):
    PromptServer.instance.send_sync("pack.event", {"from": "route"})
    return web.Response()

PromptServer.instance.app.router.add_static("/pack/files", folder_paths.get_input_directory())
PromptServer.instance.app.add_routes([web.delete("/pack/item", echo)])
"""


async def ask(served, method, path, secret=None, **options):
    """Status and text of an answer."""
    connector = aiohttp.UnixConnector(served.address)
    headers = {HEADER: served.secret if secret is None else secret}
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.request(method, f"http://worker{path}", headers=headers, **options) as answer,
    ):
        return answer.status, await answer.text()


@pytest.fixture
def served(bench):
    bench.write("serves", {"__init__.py": ROUTES})
    (bench.workspace.folder("input") / "a.txt").write_text("file")
    loaded = bench.load()
    assert bench.pack("serves").error is None, "a pack may be routes alone"
    found = loaded.serve_routes()
    assert found is not None
    return found


def test_routes_are_announced_and_answer(bench, served):
    assert set(served.routes) == {
        ("GET", "/pack/hello/{name}"), ("HEAD", "/pack/hello/{name}"), ("POST", "/pack/echo"),
        ("GET", "/pack/fails"), ("HEAD", "/pack/fails"), ("GET", "/pack/refuses"), ("HEAD", "/pack/refuses"),
        ("GET", "/pack/thread"), ("HEAD", "/pack/thread"), ("GET", "/pack/later"), ("HEAD", "/pack/later"),
        ("GET", "/pack/files/{path:.*}"), ("HEAD", "/pack/files/{path:.*}"), ("DELETE", "/pack/item"),
    }  # fmt: skip

    async def main():
        assert await ask(served, "GET", "/pack/hello/you?q=1") == (200, '{"hello": "you", "q": "1"}')
        assert await ask(served, "POST", "/pack/echo", json=[1]) == (200, '{"body": [1], "size": 16384}')
        status, text = await ask(served, "GET", "/pack/fails")
        assert status == 500 and "The node pack that serves /pack/fails failed: ValueError: no luck" in text
        assert "Traceback" not in text
        assert await ask(served, "GET", "/pack/refuses") == (409, "taken")
        assert await ask(served, "GET", "/pack/thread") == (200, "packs"), "not the thread that runs jobs"
        assert await ask(served, "GET", "/pack/files/a.txt") == (200, "file")
        assert (await ask(served, "GET", "/pack/files/%2e%2e/output"))[0] in (403, 404)
        assert (await ask(served, "GET", "/pack/later"))[0] == 200
        assert (await ask(served, "GET", "/nothing"))[0] == 404

    asyncio.run(main())
    assert bench.sent == [Broadcast("pack.event", {"from": "route"}, None)]


@pytest.mark.parametrize("path", ["/pack/hello/you", "/nothing", "/pack/files/a.txt"])
def test_nothing_is_told_without_the_secret(served, path):
    async def main():
        for secret in ("", "wrong", served.secret[:-1]):
            assert (await ask(served, "GET", path, secret=secret))[0] == 403

    asyncio.run(main())


def test_nobody_else_may_open_the_socket_and_closing_removes_it(bench, served):
    path = Path(served.address)
    assert path.is_socket() and path.parent.stat().st_mode & 0o077 == 0
    bench.opened[-1].close()
    assert not path.exists()
    bench.opened[-1].host.close()  # twice is the same as once
    bench.opened.clear()


def test_what_killed_workers_left_is_tidied_and_others_sockets_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    first = free_socket_path()
    with socket.socket(socket.AF_UNIX) as left, socket.socket(socket.AF_UNIX) as alive:
        left.bind(str(first))
        left.close()
        assert free_socket_path() and first.exists(), "it may be about to listen"
        living = first.with_name("living.sock")
        alive.bind(str(living))
        alive.listen()
        for path in (first, living):
            os.utime(path, (0, 0))
        second = free_socket_path()
        assert second.parent == first.parent and second != first
        assert not first.exists() and living.exists()
    first.parent.chmod(0o755)
    assert free_socket_path().parent != first.parent, "a folder that others may enter is not used"


def test_without_routes_nothing_is_started(bench):
    bench.write("quiet", "from server import PromptServer\nsent = PromptServer.instance.send_sync\nWEB_DIRECTORY = '.'")
    assert bench.load().serve_routes() is None


def test_two_packs_with_one_route(bench):
    text = """
    from aiohttp import web
    from server import PromptServer
    @PromptServer.instance.routes.get("/same")
    async def same(request):
        return web.Response(text="{name}")
    """
    bench.write("a", text.format(name="a"))
    bench.write("b", text.format(name="b"))
    loaded = bench.load()
    found = loaded.serve_routes()
    assert asyncio.run(ask(found, "GET", "/same")) == (200, "a")


SENDS = """
from server import PromptServer
import torch
from PIL import Image
from server import BinaryEventTypes
class Sends:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"x": ("INT",)}, "hidden": {"me": "UNIQUE_ID"}}
    RETURN_TYPES = ("STRING", "STRING")
    FUNCTION = "go"
    def go(self, x, me):
        server = PromptServer.instance
        server.send_sync("pack.told", {"x": x, "node": me})
        server.send_sync("pack.one", [1], server.client_id)
        server.send_progress_text("working", me)
        server.send_sync(BinaryEventTypes.UNENCODED_PREVIEW_IMAGE, ("JPEG", Image.new("RGB", (4, 4)), 512))
        try:
            server.send_sync("pack.bad", {"tensor": torch.zeros(1)})
        except TypeError as error:
            said = str(error)
        return (str(server.client_id) + " " + str(server.last_node_id), said)
NODE_CLASS_MAPPINGS = {"Sends": Sends}
"""


def test_messages_and_previews(bench):
    from execution.events import Preview

    bench.write("sends", SENDS)
    bench.load()
    result = bench.run({"4": ("Sends", {"x": 3})}, ["4"], extra={"client_id": "me"})
    assert result.error is None, result.error
    assert bench.sent == [
        Broadcast("pack.told", {"x": 3, "node": "4"}, None),
        Broadcast("pack.one", [1], "me"),
        Broadcast("progress_text", {"nodeId": "4", "text": "working"}, None),
    ]
    assert result.outputs["4"][0] == ["me 4"]
    assert "The message pack.bad cannot be sent: its data is no JSON" in result.outputs["4"][1][0]
    previews = [event.image.size for event in bench.events if isinstance(event, Preview)]
    assert previews == [(4, 4)]


def test_prompt_handlers(bench, caplog):
    text = """
    from server import PromptServer
    def first(data):
        data["prompt"]["1"]["inputs"]["x"] += 1
        return data
    def fails(data):
        raise RuntimeError("handler")
    def none(data):
        data["extra_data"]["seen"] = True
    def part(data):
        return {"prompt": data["prompt"]}
    def nonsense(data):
        return True
    for handler in (first, fails, none, part, nonsense):
        PromptServer.instance.add_on_prompt_handler(handler)
    """
    bench.write("handles", text)
    loaded = bench.load()
    prompt, extra = {"1": {"class_type": "A", "inputs": {"x": 1}}}, {"client_id": "c"}
    changed = loaded.changed_prompt(prompt, extra)
    assert changed["prompt"]["1"]["inputs"]["x"] == 2 and changed["extra_data"] == {"client_id": "c", "seen": True}
    assert prompt["1"]["inputs"]["x"] == 1 and extra == {"client_id": "c"}, "what was given is kept"
    assert "An on-prompt handler of a node pack failed" in caplog.text
