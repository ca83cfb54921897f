"""Settings and users."""

import json

from tests.web.helpers.serving import NOBODY, Served, serving

FILE = "user/default/comfy.settings.json"


def test_settings_are_merged_and_kept(tmp_path):
    async def test(server: Served) -> None:
        assert await server.get("/settings") == {}
        assert await server.get("/api/settings/Comfy.Any") is None
        assert await server.post("/settings", {"a": 1, "b": {"c": [None]}}) is None
        assert await server.post("/api/settings", {"a": 2}) is None
        assert await server.post("/settings/Comfy.Locale", "de") is None
        assert await server.post("/settings/none", None, status=400) is not None
        async with server.session.post(f"{server.url}/settings/nothing", data="null") as answer:
            assert answer.status == 200 and await answer.read() == b"" and "Content-Type" not in answer.headers
        expected = {"a": 2, "b": {"c": [None]}, "Comfy.Locale": "de", "nothing": None}
        assert await server.get("/settings") == expected
        assert await server.get("/settings/Comfy.Locale") == "de"
        assert json.loads((tmp_path / FILE).read_text()) == expected

    serving(tmp_path, test, NOBODY)


def test_settings_that_are_none(tmp_path):
    async def test(server: Served) -> None:
        for body in (b"", b"[]", b"{", b"\xff", b"7", b"[" * 100_000):
            error = await server.ask("POST", "/settings", 400, data=body)
            assert error["error"]["message"].endswith(".")
        for body in (b"", b"{", b"\xff"):
            await server.ask("POST", "/settings/x", 400, data=body)
        await server.ask("POST", "/settings/" + "x" * 501, 400, data="1")
        assert await server.get("/settings") == {}

    serving(tmp_path, test, NOBODY)


def test_settings_that_were_damaged_are_kept_aside(tmp_path):
    async def test(server: Served) -> None:
        (tmp_path / FILE).parent.mkdir(parents=True)
        (tmp_path / FILE).write_text('{"precious": 1')
        assert await server.get("/settings") == {}
        await server.post("/settings", {"new": 1})
        assert await server.get("/settings") == {"new": 1}
        (aside,) = (tmp_path / FILE).parent.glob("*.damaged-*")
        assert aside.read_text() == '{"precious": 1'
        assert any(aside.name in line.text for line in server.site.logs.lines)

    serving(tmp_path, test, NOBODY)


def test_one_user(tmp_path):
    async def test(server: Served) -> None:
        assert await server.get("/users") == {"storage": "server", "migrated": False}
        await server.post("/settings", {"a": 1})
        assert await server.get("/api/users") == {"storage": "server", "migrated": True}
        assert "--multi-user" in (await server.post("/users", {"username": "bob"}, 400))["error"]["details"]
        assert await server.get("/settings", headers={"Comfy-User": "whoever"}) == {"a": 1}

    serving(tmp_path, test, NOBODY)


def test_many_users_each_with_his_own(tmp_path):
    async def test(server: Served) -> None:
        assert await server.get("/users") == {"storage": "server", "users": {}}
        bob = await server.post("/users", {"username": "bob"})
        eve = await server.post("/users", {"username": "../Eve ü"})
        assert bob.startswith("bob_") and len(bob) == 40 and "/" not in eve and eve.isascii()
        assert await server.post("/users", {"username": "bob"}, 400) == {"error": "Duplicate username."}
        for name in ("", "  ", "x" * 101, "a\nb", 7, None, ["bob"]):
            await server.post("/users", {"username": name}, 400)
        assert (await server.get("/users"))["users"] == {bob: "bob", eve: "../Eve ü"}
        await server.post("/settings", {"who": "bob"}, headers={"Comfy-User": bob})
        await server.ask("POST", "/userdata/a", 200, data="bob's", headers={"Comfy-User": bob})
        assert await server.get("/settings", headers={"Comfy-User": eve}) == {}
        assert await server.get("/settings", headers={"Comfy-User": bob}) == {"who": "bob"}
        await server.get("/userdata/a", 404, headers={"Comfy-User": eve})
        for who in ("", "nobody", "..", "../default", "default", f"{bob}/..", "."):
            await server.get("/settings", 401, headers={"Comfy-User": who})
            await server.get("/userdata/a", 401, headers={"Comfy-User": who})
            await server.ask("POST", "/userdata/a", 401, data="x", headers={"Comfy-User": who})
        await server.get("/settings", 401)

    serving(tmp_path, test, NOBODY, multi_user=True)


def test_users_written_by_hand_that_are_no_folders_are_nobody(tmp_path):
    async def test(server: Served) -> None:
        (tmp_path / "user/users.json").write_text(json.dumps({"..": "x", "a/b": "y", "fine": "z"}))
        assert (await server.get("/users"))["users"] == {"fine": "z"}
        await server.get("/settings", 401, headers={"Comfy-User": ".."})
        for text in ("[]", "{", ""):
            (tmp_path / "user/users.json").write_text(text)
            assert (await server.get("/users"))["users"] == {}

    serving(tmp_path, test, NOBODY, multi_user=True)
