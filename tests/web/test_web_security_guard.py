"""Who may use the server: pages of other sites may not, and on other addresses only those with the token."""

import asyncio
from typing import Any

import aiohttp
import pytest

from tests.execution.worker_helpers import one
from tests.web.helpers.serving import NOBODY, Served, serving
from web.security import GUARD, Guard, needs_token
from web.site import WebOptions

TOKEN = "correct horse battery staple"
PATHS = ("/", "/prompt", "/api/queue", "/object_info", "/history", "/ws", "/api/ws?clientId=x", "/nowhere")


async def status(server: Served, method: str, path: str, **headers: str) -> tuple[int, bytes]:
    async with server.session.request(method, server.url + path, headers=headers, allow_redirects=False) as answer:
        return answer.status, await answer.read()


def upgrade(**headers: str) -> dict[str, str]:
    key = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13"}
    return {"Connection": "Upgrade", "Upgrade": "websocket", **key, **headers}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:{port}"},  # another name of this machine is another site
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://127.0.0.1"},
        {"Origin": "garbage"},
        {"Origin": "http://[::1"},
        {"Origin": "http://127.0.0.1:{port}.evil.example"},
        {"Origin": "file://"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "Cross-Site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
    ],
)
def test_pages_of_other_sites_get_an_empty_403(tmp_path, headers):
    async def test(server: Served) -> None:
        sent = {name: value.replace("{port}", str(server.port)) for name, value in headers.items()}
        for path in PATHS:
            for method in ("GET", "POST", "OPTIONS"):
                assert await status(server, method, path, **sent) == (403, b"")
        assert await status(server, "GET", "/ws", **upgrade(**sent)) == (403, b"")

    serving(tmp_path, test, NOBODY)


def test_own_pages_and_programs_are_let_in(tmp_path):
    async def test(server: Served) -> None:
        for headers in (
            {},
            {"Origin": f"http://127.0.0.1:{server.port}", "Sec-Fetch-Site": "same-origin"},
            {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"},
            {"Host": f"localhost:{server.port}", "Origin": f"http://LOCALHOST:{server.port}"},
            {"Host": "studio.localhost", "Origin": "https://studio.localhost"},  # behind a proxy with TLS
            {"Host": "[::1]:8188"},
            {"Host": "127.3.4.5"},
        ):
            assert (await status(server, "GET", "/prompt", **headers))[0] == 200
            assert (await status(server, "GET", "/ws", **upgrade(**headers)))[0] == 101
        assert await status(server, "OPTIONS", "/prompt") == (200, b"")
        visit = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
        assert (await status(server, "GET", "/", **visit))[0] != 403  # a link to the start page
        assert (await status(server, "GET", "/queue", **visit))[0] == 403

    serving(tmp_path, test, NOBODY)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8188", "127.0.0.1.evil.example", "localhost.evil.example", "", "[", "a b",
             "192.168.1.5", "169.254.169.254", "localhost@evil.example", "evil.example:80:80", "0.0.0.0", "nas"],
)  # fmt: skip
def test_names_that_were_made_to_point_here_are_refused(tmp_path, host):
    async def test(server: Served) -> None:
        for headers in ({"Host": host}, upgrade(Host=host)):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            writer.write(f"GET /ws HTTP/1.1\r\n{lines}\r\n".encode())
            assert (await reader.readline()).split()[1] in (b"403", b"400")
            writer.close()
            await writer.wait_closed()

    serving(tmp_path, test, NOBODY)


def test_which_names_a_server_goes_by():
    loopback, everywhere, named = (
        Guard(WebOptions(listen=listen)) for listen in ("127.0.0.1", "0.0.0.0", "192.168.1.5,studio.example.com")
    )
    assert not loopback.host_allowed("192.168.1.5")
    assert everywhere.host_allowed("192.168.1.5:8188")
    assert everywhere.host_allowed("[fe80::1]:8188")
    assert everywhere.host_allowed("nas:8188")
    assert everywhere.host_allowed("nas.local")
    assert not everywhere.host_allowed("evil.example")
    assert named.host_allowed("studio.example.com")
    assert named.host_allowed("STUDIO.example.com.:8188")
    assert not named.host_allowed("example.com")
    assert [needs_token(listen) for listen in ("127.0.0.1", "localhost", "::1", "0.0.0.0", "::", "nas", "")] == [
        False, False, False, True, True, True, True,
    ]  # fmt: skip
    assert needs_token("127.0.0.1,192.168.1.5")


def test_with_cors_the_guard_makes_room_for_headers(tmp_path):
    async def test(server: Served) -> None:
        headers = {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}
        async with server.session.get(f"{server.url}/prompt", headers=headers) as answer:
            assert answer.status == 200
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            assert "Access-Control-Allow-Credentials" not in answer.headers  # of any site: without cookies
        async with server.session.options(f"{server.url}/prompt", headers=headers) as answer:
            assert answer.status == 200
            assert "POST" in answer.headers["Access-Control-Allow-Methods"]
            assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]

    serving(tmp_path, test, NOBODY, cors_origin="*")


def test_cors_for_one_site_is_for_that_site_only(tmp_path):
    async def test(server: Served) -> None:
        good, evil = "https://studio.example", "https://evil.example"
        assert (await status(server, "GET", "/prompt", Host="studio.example"))[0] == 200  # as a proxy sends it
        assert (await status(server, "GET", "/prompt", Host="evil.example"))[0] == 403
        assert (await status(server, "GET", "/prompt", Origin=good, **{"Sec-Fetch-Site": "cross-site"}))[0] == 200
        async with server.session.get(f"{server.url}/prompt", headers={"Origin": good}) as answer:
            assert answer.headers["Access-Control-Allow-Credentials"] == "true" and answer.headers["Vary"] == "Origin"
        assert (await status(server, "GET", "/prompt", Origin=evil))[0] == 403
        assert (await status(server, "GET", "/prompt", **{"Sec-Fetch-Site": "cross-site"}))[0] == 403

    serving(tmp_path, test, NOBODY, cors_origin="https://studio.example")


def test_a_token_is_asked_for_everywhere(tmp_path):
    async def test(server: Served) -> None:
        refused: list[dict[str, str]] = [
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": TOKEN},
            {"Authorization": "Bearer"},
            {"Authorization": f"Basic {TOKEN}"},
            {"Cookie": f"{server.app[GUARD].cookie_name}={TOKEN}"},
        ]
        for path in PATHS:
            for sent in refused:
                code, body = await status(server, "GET", path, **sent)
                assert code == 401
                assert TOKEN.encode() not in body
        assert (await status(server, "GET", "/ws", **upgrade()))[0] == 401
        assert (await status(server, "GET", "/prompt", Authorization=f"bearer {TOKEN}"))[0] == 200
        assert (await status(server, "GET", "/ws", **upgrade(Authorization=f"Bearer {TOKEN}")))[0] == 101
        assert (await server.get("/prompt", params={"token": TOKEN}))["exec_info"]
        await server.get("/prompt", 401, params={"token": TOKEN[:-1]})
        await server.get("/prompt", 401, params={"token": TOKEN + "\udcff".encode("utf-8", "surrogatepass").hex()})
        headers = {"Authorization": f"Bearer {TOKEN}"}
        assert (await server.post("/prompt", {"prompt": one("Seeded")}, headers=headers))["prompt_id"]
        await server.post("/prompt", {"prompt": one("Seeded")}, 401)

    serving(tmp_path, test, NOBODY, listen="0.0.0.0", token=TOKEN)


def test_a_token_does_not_let_other_sites_in(tmp_path):
    async def test(server: Served) -> None:
        headers = {"Authorization": f"Bearer {TOKEN}", "Origin": "http://evil.example"}
        assert await status(server, "GET", "/prompt", **headers) == (403, b"")
        del headers["Origin"]
        assert (await status(server, "GET", "/prompt", Host="evil.example", **headers))[0] == 403

    serving(tmp_path, test, NOBODY, listen="0.0.0.0", token=TOKEN)


@pytest.mark.parametrize("path", ["/", "/?a=1", "//evil.example/", "/queue"])
def test_a_link_opens_the_browser_once(tmp_path, path):
    async def test(server: Served) -> None:
        code = server.app[GUARD].browser_code()
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as browser:
            link = f"{server.url}{path}{'&' if '?' in path else '?'}token={code}"
            async with browser.get(link, allow_redirects=False) as answer:
                assert answer.status == 303
                location = answer.headers["Location"]
                assert location.startswith("/")
                assert not location.startswith("//")
                assert "token" not in location
                cookie = answer.headers["Set-Cookie"]
                assert "HttpOnly" in cookie
                assert "SameSite=Strict" in cookie
                assert TOKEN not in cookie
                assert code not in cookie
            async with browser.get(f"{server.url}/prompt") as answer:
                assert answer.status == 200
            async with browser.ws_connect(f"{server.url}/ws") as socket:
                assert (await socket.receive_json())["type"] == "status"
        assert (await status(server, "GET", f"/?token={code}"))[0] == 401  # once only

    serving(tmp_path, test, NOBODY, listen="0.0.0.0", token=TOKEN)


def test_the_token_itself_opens_a_browser_too(tmp_path):
    async def test(server: Served) -> None:
        answer: Any
        async with server.session.get(
            server.url, params={"token": TOKEN}, headers={"Accept": "text/html"}, allow_redirects=False
        ) as answer:
            assert answer.status == 303
            assert answer.headers["Set-Cookie"]

    serving(tmp_path, test, NOBODY, listen="0.0.0.0", token=TOKEN)
