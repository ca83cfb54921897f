"""Answers: nothing of an error's inside leaves the server, and every answer says what browsers may do with it."""

import asyncio
import logging

import pytest
from aiohttp import web
from aiohttp.log import server_logger

from execution.jobs.errors import StoreFull
from tests.web.helpers.serving import NOBODY, Served, serving
from web.answers import json_answer, to_json
from web.app import create_app
from web.middleware import tell_errors
from web.refusal import Refusal
from web.security_headers import ALWAYS


def test_every_answer_has_the_headers(tmp_path):
    async def test(server: Served) -> None:
        for path in ("/prompt", "/nowhere", "/object_info", "/openapi.json"):
            async with server.session.get(server.url + path) as answer:
                for name, value in ALWAYS.items():
                    assert answer.headers[name] == value

    serving(tmp_path, test, NOBODY)


def test_unknown_addresses_and_methods(tmp_path):
    async def test(server: Served) -> None:
        assert (await server.get("/nowhere", 404))["error"]["type"] == "not_found"
        assert (await server.get("/api/api/prompt", 404))["error"]["message"]
        async with server.session.delete(f"{server.url}/prompt") as answer:
            assert answer.status == 405
            assert "POST" in answer.headers["Allow"]
            assert (await answer.json())["error"]["type"] == "method_not_allowed"
        assert "code" in (await server.get("/api/v2/nowhere", 404))["error"]  # in the words of API v2

    serving(tmp_path, test, NOBODY)


async def answered(handler: object, path: str = "/x") -> tuple[int, str]:
    """What a handler that fails in some way is answered with."""
    from aiohttp.test_utils import TestClient, TestServer

    app = web.Application(middlewares=[tell_errors])
    app.router.add_route("*", path, handler)  # type: ignore[arg-type]
    async with TestClient(TestServer(app)) as client, client.get(path) as answer:
        return answer.status, await answer.text()


def test_an_unexpected_error_tells_a_reference_and_no_more(caplog):
    async def fail(_: web.Request) -> web.Response:
        raise RuntimeError("the secret of /etc/passwd")

    caplog.set_level(logging.ERROR)
    status, text = asyncio.run(answered(fail))
    assert status == 500
    assert "secret" not in text
    assert "Traceback" not in text
    reference = text.split("reference ")[1][:8]
    assert reference in caplog.text
    assert "the secret" in caplog.text


def test_expected_failures_are_sentences():
    async def full(_: web.Request) -> web.Response:
        raise StoreFull("The disk is full.")

    async def refuse(_: web.Request) -> web.Response:
        raise Refusal(418, "teapot", "I am a teapot.", "Ask for tea.", headers={"Retry-After": "3"})

    assert asyncio.run(answered(full))[0] == 503
    assert "The disk is full." in asyncio.run(answered(full))[1]
    assert asyncio.run(answered(refuse)) == (
        418,
        to_json(Refusal(418, "teapot", "I am a teapot.", "Ask for tea.").to_json()),
    )
    text = asyncio.run(answered(refuse, "/api/v2/x"))[1]
    assert text == '{"error":{"code":"teapot","message":"I am a teapot.","details":{"remedy":"Ask for tea."}}}'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (float("nan"), "null"),
        ({"a": [float("inf"), 1.5, (-0.0,)]}, '{"a":[null,1.5,[-0.0]]}'),
        ("\ud800\u20ac", '"\\ud800\\u20ac"'),
        (2**64 - 1, "18446744073709551615"),
    ],
)
def test_what_json_cannot_say_is_told_as_null(value, text):
    assert to_json(value) == text
    assert json_answer(value).body == text.encode()


def test_malformed_http_is_not_an_internal_error(tmp_path):
    async def test(server: Served) -> None:
        for request in (
            b"POST /prompt HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nxx",
            b"POST /prompt HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
            b"POST /prompt HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Encoding: br\r\nContent-Length: 3\r\n\r\nabc",
            b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
            b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"GET http://[::1/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
            b"GET http://evil.example/prompt HTTP/1.1\r\nHost: evil.example\r\n\r\n",
            b"GET /%zz%ff?%ff=%00 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
            b"GET /history?max_items=\xff HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
            b"OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(request)
            head = await asyncio.wait_for(reader.readline(), 30)
            assert head.startswith(b"HTTP/1.")
            assert int(head.split()[1]) < 500, (request[:80], head)
            writer.close()
            await writer.wait_closed()

    serving(tmp_path, test, NOBODY)


def test_pages_get_a_policy(tmp_path):
    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<p>", content_type="text/html")

    async def test(server: Served) -> None:
        from aiohttp.test_utils import TestClient, TestServer

        from web.route import Route

        app = create_app(server.site, [Route("GET", "/page", page, "A page.", "System")])
        async with TestClient(TestServer(app)) as client, client.get("/page") as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'self'" in policy
            assert "frame-ancestors 'self'" in policy
            assert ("unsafe-eval" in policy) == (server.site.options.front_end == "comfyui")

    serving(tmp_path / "a", test, NOBODY)
    serving(tmp_path / "b", test, NOBODY, front_end="comfyui")


def test_with_a_token_no_shared_cache_keeps_answers(tmp_path):
    async def test(server: Served) -> None:
        known = {"Authorization": "Bearer the-token-of-this-test"}
        for path, headers, status, expected in (
            ("/status/page/icon.svg", known, 200, "private, max-age=86400"),
            ("/nowhere.png", known, 404, "private, max-age=3600"),
            ("/nowhere.png", {}, 401, "private"),
            ("/nowhere.png", {"Origin": "http://evil.example"}, 403, "private"),
            ("/prompt", known, 200, "private"),
        ):
            async with server.session.get(server.url + path, headers=headers) as answer:
                assert (answer.status, answer.headers["Cache-Control"]) == (status, expected), path

    serving(tmp_path, test, NOBODY, token="the-token-of-this-test")


def test_refusals_are_not_kept(tmp_path):
    async def test(server: Served) -> None:
        for path, headers, status, expected in (
            ("/status/page/icon.svg", {}, 200, "public, max-age=86400"),
            ("/nowhere.png", {}, 404, "public, max-age=3600"),
            ("/nowhere.png", {"Origin": "http://evil.example"}, 403, None),
            ("/prompt", {}, 200, None),
        ):
            async with server.session.get(server.url + path, headers=headers) as answer:
                assert (answer.status, answer.headers.get("Cache-Control")) == (status, expected), path

    serving(tmp_path, test, NOBODY)


@pytest.mark.parametrize(
    "sent",
    [b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\xff\r\n\r\n",
     b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 20_000 + b"\r\n\r\n", b"GET /prompt HTTP/1.1\r\n\r\n",
     b"GET / HTTP/1.1\r\nHost: a\r\nHost: localhost\r\n\r\n",
     b"POST /prompt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     b"POST /prompt HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nabcde"],
)  # fmt: skip
def test_what_is_no_request_is_refused_without_a_traceback(tmp_path, caplog, sent):
    async def test(server: Served) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(sent)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += await reader.read(65_536) or b"\r\n\r\n"
        writer.transport.abort()
        assert answer.split()[1] == b"400"
        assert b"Traceback" not in answer and b'File "' not in answer
        assert (await server.get("/prompt"))["exec_info"]

    caplog.set_level(logging.INFO)
    serving(tmp_path, test, NOBODY)
    assert "Traceback" not in caplog.text


def test_other_errors_of_the_server_keep_their_traceback(tmp_path, caplog):
    async def test(_: Served) -> None:
        try:
            raise RuntimeError("a bug")
        except RuntimeError as error:
            server_logger.error("Error handling request", exc_info=error)

    serving(tmp_path, test, NOBODY)
    assert "Traceback" in caplog.text and [record.levelno for record in caplog.records][-1] == logging.ERROR
