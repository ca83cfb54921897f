"""A small npm registry with small packages, among them a bundler that is a script: builds without the network."""

import base64
import hashlib
import io
import json
import tarfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from web.editor_build.platforms import Platform

PLATFORM = Platform("linux", "x64")
BUNDLER = "@esbuild/linux-x64"

ESBUILD = """#!/usr/bin/env python3
import json, pathlib, sys
given = dict(one.split("=", 1) for one in sys.argv if one.startswith(("--outdir=", "--metafile=")))
out = pathlib.Path(given["--outdir"])
source = pathlib.Path("src/main.tsx").read_text()
with (pathlib.Path(__file__).parent / "runs.txt").open("a") as runs:
    runs.write(source)
if "syntax error" in source:
    sys.exit("src/main.tsx:1:0: ERROR: Expected something else")
library = next(path for path in pathlib.Path.cwd().parents if (path / "node_modules/left").is_dir())
text = source + (library / "node_modules/left/index.js").read_text()
(out / "chunks").mkdir()
for name in ("main.js", "main.css", "chunks/first.js", "chunks/later.js"):
    (out / name).write_text(f"/* {name} {text} */" + "x" * 5000)
near = lambda name, kind: {"path": str(out / name), "kind": kind}
outputs = {
    str(out / "main.js"): {"imports": [near("chunks/first.js", "import-statement")]},
    str(out / "chunks/first.js"): {"imports": [near("chunks/later.js", "dynamic-import")]},
    str(out / "chunks/later.js"): {"imports": []},
    str(out / "main.css"): {"imports": []},
}
pathlib.Path(given["--metafile"]).write_text(json.dumps({"outputs": outputs}))
"""


def tarball(files: Mapping[str, str], executable: str = "") -> bytes:
    """A package as npm packs it."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size, member.mode = len(text.encode()), 0o755 if name == executable else 0o644
            archive.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


def integrity(data: bytes) -> str:
    """As a lock file writes a digest."""
    return f"sha512-{base64.b64encode(hashlib.sha512(data).digest()).decode()}"


def usual_packages() -> dict[str, bytes]:
    """Name -> tarball."""
    return {
        "left": tarball({"index.js": "left", "package.json": "{}"}),
        "@scope/right": tarball({"index.js": "right"}),
        BUNDLER: tarball({"bin/esbuild": ESBUILD}, executable="bin/esbuild"),
    }


def lock_of(packages: Mapping[str, bytes]) -> dict[str, object]:
    """A lock file that names these packages."""
    entries: dict[str, object] = {"": {"name": "weft-editor"}}
    for name, data in packages.items():
        dev = {"dev": True, "optional": True, "os": ["linux"], "cpu": ["x64"]} if name == BUNDLER else {}
        entries[f"node_modules/{name}"] = {"version": "1.0.0", "integrity": integrity(data), **dev}
    return {"lockfileVersion": 3, "packages": entries}


INDEX = '<html><head><script src="/editor/main.js"></script></head></html>'


def write_editor(folder: Path, packages: Mapping[str, bytes], source: str = "source ") -> Path:
    """Sources of an editor that uses these packages."""
    files = {
        "package-lock.json": json.dumps(lock_of(packages)), "package.json": "{}", "index.html": INDEX,
        "src/main.tsx": source, "src/main.test.tsx": "a test", "public/icon.svg": "<svg/>",
    }  # fmt: skip
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


Fault = Callable[[web.Request, bytes], Awaitable[web.StreamResponse]]


@dataclass
class SmallRegistry:
    """Answers with tarballs, and misbehaves as `faults` says: package name -> one fault for each answer to come."""

    packages: dict[str, bytes]
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    address: str = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        name, _, _ = request.path.lstrip("/").partition("/-/")
        self.asked.append(request.path)
        data = self.packages.get(name)
        if data is None:
            return web.Response(status=404)
        if self.faults.get(name):
            return await self.faults[name].pop(0)(request, data)
        return web.Response(body=data)


@asynccontextmanager
async def small_registry(packages: Mapping[str, bytes] | None = None) -> AsyncIterator[SmallRegistry]:
    """A registry for the length of an `async with` block."""
    registry = SmallRegistry(dict(usual_packages() if packages is None else packages))
    app = web.Application()
    app.router.add_get("/{path:.*}", registry.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    registry.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield registry
    finally:
        await runner.cleanup()
