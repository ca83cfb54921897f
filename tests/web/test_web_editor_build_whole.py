"""Whole builds: with a small registry and a small bundler, and once as users have it."""

import asyncio
import contextlib
import gzip
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.web.helpers.small_registry import PLATFORM, small_registry, tarball, write_editor
from web.editor_build.builder import Builder
from web.editor_build.fetching import Registry
from web.editor_build.keeping import FRESH_SECONDS, UNUSED_TARBALL_SECONDS, prune
from web.editor_build.places import Places
from web.editor_build.platforms import this_platform
from web.editor_build.problem import BuildProblem
from web.editor_build.sources import read_sources

ROOT = Path(__file__).resolve().parents[2]
needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="the small bundler is a script")
pytestmark = needs_posix


class Bench:
    """An editor's sources, a registry and a builder."""

    def __init__(self, folder, registry):
        self.editor = write_editor(folder / "editor", registry.packages)
        self.registry = registry
        self.builder = Builder(Places(folder / "cache"), Registry(registry.address), PLATFORM)
        self.told = []

    async def build(self):
        return await asyncio.to_thread(self.builder.build, read_sources(self.editor), self.told.append)

    @property
    def runs(self):
        """What the bundler was given, one part for each time that it ran."""
        found = list(self.builder.places.modules.glob("*/node_modules/@esbuild/*/bin/runs.txt"))
        return "".join(path.read_text() for path in found).split()


def building(tmp_path, test):
    async def main():
        async with small_registry() as registry:
            await test(Bench(tmp_path, registry))

    asyncio.run(main())


def test_a_build_is_made_once_and_again_only_when_the_sources_change(tmp_path):
    async def test(bench: Bench):
        first = await bench.build()
        assert bench.told[-2:] == ["Unpacking packages", "Bundling"] and bench.runs == ["source"]
        assert await bench.build() == first and bench.runs == ["source"]
        (bench.editor / "src" / "main.test.tsx").write_text("another test")
        assert await bench.build() == first
        (bench.editor / "src" / "main.tsx").write_text("other ")
        second = await bench.build()
        assert second != first and sorted(bench.runs) == ["other", "source"]
        assert "other left" in (second / "main.js").read_text()
        assert len(bench.registry.asked) == 3  # the packages are the same
        (bench.editor / "src" / "main.tsx").write_text("source ")
        assert await bench.build() == first and len(bench.runs) == 2

    building(tmp_path, test)


def test_what_a_build_holds(tmp_path):
    async def test(bench: Bench):
        folder = await bench.build()
        stamp = folder.name
        page = (folder / "index.html").read_text()
        assert f'src="editor/{stamp}/main.js"' in page
        assert f'href="editor/{stamp}/chunks/first.js"' in page and "later.js" not in page
        assert (folder / "icon.svg").read_text() == "<svg/>"
        packed = folder / "main.js.gz"
        assert gzip.decompress(packed.read_bytes()) == (folder / "main.js").read_bytes()
        assert not (folder / "icon.svg.gz").exists()  # it would not be smaller
        summary = json.loads((folder / "build.json").read_text())
        first = packed.stat().st_size + (folder / "chunks" / "first.js.gz").stat().st_size
        assert summary["stamp"] == stamp and summary["first_load"] == first
        assert summary["scripts"] == first + (folder / "chunks" / "later.js.gz").stat().st_size

    building(tmp_path, test)


@pytest.mark.parametrize(
    "name", ["src/main.tsx", "src/new.ts", "public/icon.svg", "index.html", "package.json", "tsconfig.json"]
)
def test_the_stamp_changes_with_every_file_that_counts(tmp_path, name):
    async def test(bench: Bench):
        before = read_sources(bench.editor).stamp
        assert read_sources(bench.editor).stamp == before
        (bench.editor / name).write_text("changed")
        assert read_sources(bench.editor).stamp != before

    building(tmp_path, test)


def test_a_changed_lock_file_brings_the_changed_package(tmp_path):
    async def test(bench: Bench):
        first = await bench.build()
        bench.registry.packages["left"] = tarball({"index.js": "newer"})
        write_editor(bench.editor, bench.registry.packages)
        second = await bench.build()
        assert second != first and "source newer" in (second / "main.js").read_text()
        assert bench.registry.asked.count("/left/-/left-1.0.0.tgz") == 2 and len(bench.registry.asked) == 4

    building(tmp_path, test)


def test_builds_at_the_same_time_do_no_harm(tmp_path):
    async def test(bench: Bench):
        folders = await asyncio.gather(*(bench.build() for _ in range(6)))
        assert len({*folders}) == 1
        assert "source left" in (folders[0] / "main.js").read_text()
        assert not [path for path in (tmp_path / "cache").rglob(".tmp-*") if path.exists()]

    building(tmp_path, test)


def test_sources_that_do_not_bundle_are_told_with_the_place(tmp_path):
    async def test(bench: Bench):
        (bench.editor / "src" / "main.tsx").write_text("syntax error")
        with pytest.raises(BuildProblem, match=r"main\.tsx:1:0: ERROR"):
            await bench.build()
        assert list(bench.builder.places.builds.iterdir()) == []

    building(tmp_path, test)


def test_a_bundler_that_does_not_start_is_told(tmp_path):
    async def test(bench: Bench):
        bench.registry.packages["@esbuild/linux-x64"] = tarball({"bin/esbuild": "#!/no/such/program\n"}, "bin/esbuild")
        write_editor(bench.editor, bench.registry.packages)
        with pytest.raises(BuildProblem, match="cannot be started") as told:
            await bench.build()
        assert "WEFT_CACHE" in told.value.remedy

    building(tmp_path, test)


def test_sources_that_are_not_there_are_told(tmp_path):
    with pytest.raises(BuildProblem, match=r"package-lock\.json"):
        read_sources(tmp_path)


def test_old_builds_and_leftovers_go_and_those_in_use_stay(tmp_path):
    places = Places(tmp_path)

    def made(folder, age):
        folder.mkdir(parents=True)
        (folder / "index.html").touch()
        os.utime(folder, (time.time() - age,) * 2)
        return folder

    old, new = FRESH_SECONDS * 2, FRESH_SECONDS / 2
    fresh = [made(places.builds / f"fresh{index}", new) for index in range(2)]
    third, fourth = made(places.builds / "third", old), made(places.builds / "fourth", old + 1)
    left, going_on = made(places.builds / ".tmp-left", old), made(places.builds / ".tmp-now", new)
    for name in ("one", "two", "three"):
        made(places.modules / name, old)
    inner = made(places.modules / "one" / ".tmp-work", old)
    os.utime(places.modules / "one", (time.time(),) * 2)
    places.tarballs.mkdir()
    tarballs = [places.tarballs / name for name in ("used.tgz", "unused.tgz", "young.tgz")]
    for path, age in zip(tarballs, (UNUSED_TARBALL_SECONDS * 2, UNUSED_TARBALL_SECONDS * 2, 0), strict=True):
        path.touch()
        os.utime(path, (time.time() - age,) * 2)
    prune(places, [tarballs[0]])
    kept = [path for path in (*fresh, third, fourth, left, going_on, inner, *tarballs) if path.exists()]
    assert kept == [*fresh, third, going_on, tarballs[0], tarballs[2]]
    assert len(list(places.modules.iterdir())) == 2 and (places.modules / "one").is_dir()


def built(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "web.build", *map(str, arguments)],
        cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.skipif(this_platform() != PLATFORM, reason="the small registry has a bundler for Linux on x64 alone")
def test_the_command_line_without_a_registry(tmp_path):
    async def test(bench: Bench):
        bench.registry.packages.clear()
        given = ("--source", bench.editor, "--cache", tmp_path / "c")
        closed = {"NPM_CONFIG_REGISTRY": "http://127.0.0.1:9"}
        done = await asyncio.to_thread(built, *given, **closed)
        assert done.returncode == 3 and done.stdout == ""
        assert "cannot be had from 127.0.0.1:9" in done.stderr and "Traceback" not in done.stderr
        done = await asyncio.to_thread(built, *given, "--events", **closed)
        last = json.loads(done.stdout.splitlines()[-1])
        assert "cannot be had" in last["problem"] and "NPM_CONFIG_REGISTRY" in last["remedy"]

    building(tmp_path, test)


def test_a_real_build_as_users_have_it(tmp_path):
    """From the registry that this machine is configured for, with nothing in the cache and no Node.js on the path."""
    bare = {"PATH": str(Path(sys.executable).parent)}
    done = built("--print", "--cache", tmp_path, **bare)
    if done.returncode == 3 and not os.environ.get("CI"):
        pytest.skip(f"the npm registry cannot be reached: {done.stderr}")
    assert done.returncode == 0, done.stderr
    folder = Path(done.stdout.strip())
    assert folder.parent == tmp_path / "editor" / "builds"
    script = (folder / "main.js").read_text()
    assert "react" in script and "process.env" not in script
    assert (folder / "main.css").stat().st_size > 1000 and (folder / "main.js.gz").is_file()
    marked = folder.stat().st_ino
    with contextlib.suppress(FileNotFoundError):
        (tmp_path / "editor" / "tarballs").rename(tmp_path / "no-tarballs")
    again = built("--print", "--cache", tmp_path, **bare, NPM_CONFIG_REGISTRY="http://127.0.0.1:9")
    assert Path(again.stdout.strip()).stat().st_ino == marked, "a build that is there needs no registry"
