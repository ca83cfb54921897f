"""No name in a request reaches a file outside its folder, changes one, or tells whether one is there."""

import json
import os
import re
import shutil
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
from yarl import URL

from execution.workers.messages import Pack
from tests.nodes.test_path_escapes import HOSTILE
from tests.web.helpers.serving import NOBODY, Served, serving
from tests.web.test_web_files_upload import png

SECRET = b"the secret content of a file outside"
LINKED = ["out", "out/secret.png", "out/none.png", "out/../secret.png", "sub/out/secret.png", "loop", "loop/x.png"]
"""`out` is a link to the folder that everything lies in, `loop` one to itself."""

SHOWN = {"Date", "Server", "Content-Length"}  # headers that say no more than the body does
TIMES = re.compile(rb'"(?:modified|created|replaced)":[0-9.]+,?')  # the folders are laid out anew for each round


@dataclass
class Ask:
    """A request."""

    method: str
    path: str  # as it is sent
    data: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)


def asks(name: str) -> Iterator[Ask]:
    """Every way in which a route takes a name from outside."""
    one, whole = quote(name, safe=""), quote(name, safe="/.\\:")
    yield from by_query(one)
    for segment in {one, whole}:
        yield from by_path(segment)
    yield from by_form(name)
    yield Ask("GET", "/settings", headers={"Comfy-User": one})


def by_query(one: str) -> Iterator[Ask]:
    for kind in ("output", "input", "temp"):
        yield Ask("GET", f"/view?filename={one}&type={kind}")
    for query in (
        f"filename={one}&preview=webp", f"filename={one}&channel=rgb", f"filename={one}&channel=a",
        f"filename={one}%20[input]", f"filename=secret.png&subfolder={one}",
        f"filename=secret.png&subfolder={one}&preview=webp", f"filename=x.png&type={one}", f"filename={one}&size=8",
    ):  # fmt: skip
        yield Ask("GET", f"/view?{query}")
    yield Ask("HEAD", f"/view?filename={one}")
    yield Ask("GET", f"/outputs?subfolder={one}")
    yield Ask("GET", f"/outputs?type={one}")
    yield Ask("GET", f"/outputs?cursor={one}&search={one}")
    yield Ask("DELETE", f"/outputs?filename={one}")
    yield Ask("DELETE", f"/outputs?filename=secret.png&subfolder={one}")
    for query in (f"dir={one}", f"dir={one}&recurse=true&full_info=true", f"dir={one}&split=true"):
        yield Ask("GET", f"/userdata?{query}")
    yield Ask("GET", f"/v2/userdata?path={one}")
    yield Ask("GET", f"/view_metadata/loras?filename={one}")
    yield Ask("GET", f"/view_metadata/loras?filename={one}.safetensors")


def by_path(segment: str) -> Iterator[Ask]:
    yield Ask("GET", f"/userdata/{segment}")
    yield Ask("GET", f"/userdata/{segment}/history")
    yield Ask("GET", f"/userdata/{segment}/history/0123")
    yield Ask("GET", f"/userdata/kept.json/history/{segment}")
    yield Ask("POST", f"/userdata/kept.json/history/{segment}/restore", b"")
    yield Ask("POST", f"/userdata/{segment}", b"written")
    yield Ask("POST", f"/userdata/{segment}?overwrite=false", b"written")
    yield Ask("POST", f"/userdata/{segment}/move/taken.json?overwrite=false", b"")
    yield Ask("POST", f"/userdata/kept.json/move/{segment}?overwrite=false", b"")
    yield Ask("DELETE", f"/userdata/{segment}")
    for path in (
        f"/settings/{segment}", f"/models/{segment}", f"/experiment/models/{segment}",
        f"/experiment/models/preview/loras/0/{segment}", f"/experiment/models/preview/loras/{segment}/a.safetensors",
        f"/experiment/models/preview/loras/0/{segment}.safetensors",
        f"/experiment/models/preview/{segment}/0/a.safetensors", f"/view_metadata/{segment}?filename=a.safetensors",
        f"/internal/files/{segment}", f"/extensions/{segment}/secret.png", f"/extensions/pack/{segment}",
        f"/workflow_templates/{segment}/secret.json", f"/workflow_templates/pack/{segment}",
        f"/workflow_templates/pack/{segment}.json", f"/api/templates/{segment}.json", f"/{segment}",
        f"/docs/{segment}", f"/docs/page/{segment}", f"/templates/{segment}",
    ):  # fmt: skip
        yield Ask("GET", path)


def by_form(name: str) -> Iterator[Ask]:
    picture = png((1, 2, 3, 4), (2, 2))
    for fields in ({}, {"overwrite": "true"}):
        yield form("/upload/image", name, picture, **fields)
        yield form("/upload/image", "x.png", picture, subfolder=name, **fields)
    yield form("/upload/image", "x.png", picture, type=name)
    for reference in (
        {"filename": name}, {"filename": f"{name} [input]"}, {"filename": "secret.png", "subfolder": name},
        {"filename": "x.png", "type": name},
    ):  # fmt: skip
        yield form("/upload/mask", "masked.png", picture, original_ref=json.dumps(reference))


def form(path: str, filename: str, data: bytes, **fields: str) -> Ask:
    """A form written out by hand, since a client would not send such names."""
    named = filename.replace("\\", "\\\\").replace('"', '\\"').encode("utf-8", "surrogatepass")
    body = b"".join(
        b'--edge\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (key.encode(), value.encode())
        for key, value in fields.items()
    )
    body += b'--edge\r\nContent-Disposition: form-data; name="image"; filename="%s"\r\n' % named
    body += b"Content-Type: image/png\r\n\r\n%s\r\n--edge--\r\n" % data
    return Ask("POST", path, body, {"Content-Type": "multipart/form-data; boundary=edge"})


def lay_out(base: Path) -> Path:
    """A workspace deep in `base`, with links that lead out of it."""
    if base.exists():
        shutil.rmtree(base)
    workspace = base / "deep/workspace"
    for folder in ("input/sub", "output/sub", "temp/sub", "user/default/sub", "models/loras/sub"):
        (workspace / folder).mkdir(parents=True)
    for folder in ("web/sub", "examples/sub"):
        (base / "deep/pack" / folder).mkdir(parents=True)
    header = b'{"__metadata__":{"a":"b"}}'
    (workspace / "models/loras/a.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)
    for name in ("kept.json", "taken.json"):
        (workspace / "user/default" / name).write_text("{}")
    if os.name == "posix":
        for folder in inner(base):
            (folder / "out").symlink_to(base)
            (folder / "sub/out").symlink_to(base)
            (folder / "loop").symlink_to(folder / "loop")
    return workspace


def inner(base: Path) -> list[Path]:
    """The folders that names are allowed to lead into, but for the models: links there are the user's own."""
    own = [base / "deep/workspace" / name for name in ("input", "output", "temp", "user/default")]
    return [*own, base / "deep/pack/web", base / "deep/pack/examples"]


def add_secrets(base: Path) -> None:
    """Files around every folder that is served, under the names that hostile requests use."""
    around = {folder.parent for folder in inner(base)} | {base / "deep/workspace/models", base / "deep", base}
    for folder in around:
        for name in ("secret.png", "secret.json", "secret.safetensors", "x.png", "secret.png.safetensors"):
            (folder / name).write_bytes(SECRET)


def outside(base: Path) -> dict[str, bytes | None]:
    """All that no request may change: every file but those in the allowed folders and in the server's own."""
    own = base / "deep/workspace/user"
    allowed = [*inner(base), own / ".history", own / "cache"]
    return {
        path.relative_to(base).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(base.rglob("*"))
        if not any(path.is_relative_to(folder) for folder in allowed) and not path.name.startswith("jobs.sqlite3")
    }


def answers(base: Path, names: list[str], secrets: bool) -> dict[tuple[str, int], tuple]:
    """What every request is answered, with secrets outside or without."""
    workspace = lay_out(base)
    if secrets:
        add_secrets(base)
    before = outside(base)
    given: dict[tuple[str, int], tuple] = {}
    place = base / "deep/pack"
    pack = Pack("pack", str(place), (), str(place / "web"), None, str(place / "examples"))

    async def test(server: Served) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(server.dispatcher), "packs", property(lambda _: [pack]))
            for name in names:
                for number, ask in enumerate(asks(name)):
                    url = URL(server.url + ask.path, encoded=True)
                    async with server.session.request(
                        ask.method, url, data=ask.data, headers=ask.headers, allow_redirects=False
                    ) as answer:
                        body = TIMES.sub(b"", await answer.read())
                        headers = sorted((k, v) for k, v in answer.headers.items() if k not in SHOWN)
                    assert answer.status < 500, (ask, body)
                    assert SECRET not in body, ask
                    given[name, number] = (ask, answer.status, body, headers)

    serving(workspace, test, NOBODY)
    assert outside(base) == before
    return given


def chunks(names: list[str], size: int) -> list[list[str]]:
    return [names[start : start + size] for start in range(0, len(names), size)]


@pytest.mark.parametrize("names", chunks(HOSTILE, 11), ids=lambda names: ascii(names[0])[:20])
def test_the_answer_is_the_same_whether_something_is_outside_or_not(tmp_path, names):
    without = answers(tmp_path / "base", names, secrets=False)
    with_them = answers(tmp_path / "base", names, secrets=True)
    assert len(without) == len(with_them) > 60 * len(names)
    for key, (ask, *first) in without.items():
        assert first == list(with_them[key][1:]), ask


@pytest.mark.skipif(os.name != "posix", reason="links need a privilege elsewhere")
def test_links_that_lead_out_are_refused_alike_whatever_is_there(tmp_path):
    without = answers(tmp_path / "base", LINKED, secrets=False)
    with_them = answers(tmp_path / "base", LINKED, secrets=True)
    for key, (ask, *first) in without.items():
        assert first == list(with_them[key][1:]), ask


def test_what_is_inside_is_reached(tmp_path):
    """The requests above do lead to files, where the names are good."""

    async def test(server: Served) -> None:
        async def status(ask: Ask) -> int:
            url = URL(server.url + ask.path, encoded=True)
            async with server.session.request(ask.method, url, data=ask.data, headers=ask.headers) as answer:
                return answer.status

        (tmp_path / "output/sub").mkdir()
        (tmp_path / "output/sub/x.png").write_bytes(png())
        assert await status(next(by_query("sub%2Fx.png"))) == 200
        assert await status(Ask("POST", "/userdata/sub%2Fx.png", b"")) == 200
        assert await status(form("/upload/image", "x.png", png(), subfolder="a/b")) == 200
        assert (tmp_path / "input/a/b/x.png").is_file()

    serving(tmp_path, test, NOBODY)
