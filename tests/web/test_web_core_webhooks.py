"""Webhooks: told a few times if need be, and never into the server's own network."""

import asyncio
import hmac
import ipaddress
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from uuid import uuid4

import pytest
from aiohttp import web

from execution.jobs.records import NewJob
from tests.execution.worker_helpers import launch, one
from tests.web.helpers.serving import NOBODY, Served, served, serving
from tests.web.helpers.sockets import waits
from web.refusal import Refusal
from web.webhook_targets import TargetRefused, checked_url, is_public, resolve
from web.webhooks import WEBHOOKS

PROMPT = one("Seeded", seed=3)


class Listener:
    """A server of somebody else's, that answers as it is told."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers = [200]
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.got.append(({name.title(): value for name, value in request.headers.items()}, await request.read()))
        status = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return web.Response(status=status, headers={"Location": "/elsewhere"} if 300 <= status < 400 else {})


@asynccontextmanager
async def listener() -> AsyncIterator[Listener]:
    made = Listener()
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", made.take)
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://localhost:{runner.addresses[0][1]}/hook?a=b"
    try:
        yield made
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/", "http://localhost:8188/x", "https://LOCALHOST./", "http://a.localhost/", "http://[::1]/",
     "http://10.0.0.1/", "http://192.168.1.1/", "http://172.16.0.9/", "http://169.254.169.254/latest/meta-data",
     "http://[::ffff:127.0.0.1]/", "http://[fe80::1]/", "http://[fd00::1]/", "http://0.0.0.0/", "http://0/",
     "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://[64:ff9b::7f00:1]/",
     "http://[2002:7f00:1::]/", "http://100.64.0.1/", "http://224.0.0.1/", "http://[ff02::1]/",
     "http://[::127.0.0.1]/", "http://[::a00:1]/", "http://[64:ff9b:1::a00:1]/"],
)  # fmt: skip
def test_own_networks_are_refused_when_queueing(url):
    with pytest.raises(Refusal) as refused:
        checked_url(url, allow_private=False)
    assert refused.value.status == 400
    assert checked_url(url, allow_private=True) == url


@pytest.mark.parametrize(
    "url",
    [5, [], "ftp://example.com/", "example.com", "http://", "http:///x", "javascript:1", "file:///etc/passwd",
     "http://user:secret@example.com/", "http://example.com\\@127.0.0.1/",
     "http://127.0.0.1\\.example.com/", "http://a..example.com/", f"http://{'a' * 70}.example.com/",
     "http://exa mple.com/", "http://example.com/\n", "http://[::1", "//example.com",
     "http://example.com:99999/", "http://ex\u0430mple.com/", "http://example.com/" + "a" * 3_000],
)  # fmt: skip
def test_what_is_no_url_is_refused(url):
    with pytest.raises(Refusal):
        checked_url(url, allow_private=True)


def test_public_addresses_are_taken():
    for url in ("http://example.com/hook", "https://example.com:8443/a?b=c", "http://93.184.216.34/"):
        assert checked_url(url, allow_private=False) == url
    assert checked_url(None, False) is None
    assert checked_url("", False) is None
    assert is_public(ipaddress.ip_address("2606:4700::1111"))
    assert not is_public(ipaddress.ip_address("::ffff:10.1.2.3"))


def test_a_name_that_resolves_to_an_own_address_is_refused(monkeypatch):
    async def main(answer: list[str]) -> str:
        async def getaddrinfo(*_: object, **__: object) -> list[object]:
            return [(0, 0, 0, "", (address, 80)) for address in answer]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo, raising=False)
        return await resolve("http://rebound.example/", allow_private=False)

    assert asyncio.run(main(["93.184.216.34"])) == "93.184.216.34"
    for private in (["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["fe80::1%eth0"], ["169.254.169.254"]):
        with pytest.raises(TargetRefused):
            asyncio.run(main(private))


def test_the_result_is_posted_with_a_signature(tmp_path):
    async def main() -> None:
        options = {"allow_private_webhooks": True, "token": "t", "headers": {"Authorization": "Bearer t"}}
        async with listener() as other, served(tmp_path, [launch()], **options) as server:
            job = await server.queue(PROMPT, webhook=other.url)
            headers, body = await waits(lambda: other.got and other.got[0])
            told = json.loads(body)
            assert told["event"] == "job.ended"
            assert told["prompt_id"] == job
            assert told["status"] == "success"
            assert told["outputs"] == {"1": {"text": ["3"]}}
            assert headers["Content-Type"] == "application/json"
            assert headers["X-Weft-Signature"] == "sha256=" + hmac.new(b"t", body, sha256).hexdigest()
            assert headers["Host"].startswith("localhost:")
            await waits(lambda: not server.app[WEBHOOKS].waiting)
            assert await server.store.value("webhooks") == []

    asyncio.run(main())


def test_it_is_told_again_until_it_is_taken(tmp_path):
    async def main() -> None:
        async with listener() as other, served(tmp_path, [launch()], allow_private_webhooks=True) as server:
            server.app[WEBHOOKS].waits = (0.0, 0.01, 0.01, 0.01)
            other.answers = [500, 429, 200]
            await server.queue(PROMPT, webhook=other.url)
            await waits(lambda: len(other.got) == 3)
            await waits(lambda: not server.app[WEBHOOKS].waiting)
            other.answers = [404]
            await server.queue(PROMPT, webhook=other.url)
            await waits(lambda: len(other.got) == 4 and not server.app[WEBHOOKS].waiting)
            other.answers = [302]  # a redirect is not followed, nor is it asked again
            await server.queue(PROMPT, webhook=other.url)
            await waits(lambda: len(other.got) == 5 and not server.app[WEBHOOKS].waiting)
            other.answers = [503]
            await server.queue(PROMPT, webhook=other.url)
            await waits(lambda: len(other.got) == 9 and not server.app[WEBHOOKS].waiting)

    asyncio.run(main())


def test_a_restart_forgets_no_webhook(tmp_path):
    async def main() -> None:
        async with listener() as other:
            async with served(tmp_path, NOBODY, allow_private_webhooks=True) as server:
                waiting = await server.queue(PROMPT, webhook=other.url)
            async with served(tmp_path, [launch()], allow_private_webhooks=True) as server:
                await waits(lambda: other.got)
                assert json.loads(other.got[0][1])["prompt_id"] == waiting

    asyncio.run(main())


def test_without_leave_nothing_is_called(tmp_path):
    async def main() -> None:
        async with listener() as other, served(tmp_path, [launch()]) as server:
            await server.post("/prompt", {"prompt": PROMPT, "webhook": other.url}, 400)
            assert not other.got

    asyncio.run(main())


def test_cancelled_jobs_are_told_too(tmp_path):
    async def test(server: Served) -> None:
        async with listener() as other:
            await server.queue(PROMPT, webhook=other.url)
            await server.post("/queue", {"clear": True})
            await waits(lambda: other.got)
            assert json.loads(other.got[0][1])["status"] == "cancelled"

    serving(tmp_path, test, NOBODY, allow_private_webhooks=True)


def test_an_address_that_cannot_be_called_is_not_kept_for_ever(tmp_path):
    async def test(server: Served) -> None:
        webhooks = server.app[WEBHOOKS]
        for url in ("http://a..example.com/", "http://[::1"):  # as an earlier version may have taken them
            job = (await server.dispatcher.submit(NewJob(str(uuid4()), PROMPT, ("1",), webhook=url))).job
            await webhooks.expect(job)
            assert job.id in webhooks.waiting
            await server.post("/queue", {"clear": True})
            await waits(lambda: not webhooks.waiting)

    serving(tmp_path, test, NOBODY)
