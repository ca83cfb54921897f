"""Fetching from registries that misbehave."""

import asyncio

import pytest
from aiohttp import web

from tests.web.helpers.small_registry import PLATFORM, SmallRegistry, small_registry, usual_packages, write_editor
from web.editor_build.builder import Builder
from web.editor_build.fetching import Registry, fetch_all
from web.editor_build.lock_file import needed_packages, read_lock
from web.editor_build.places import Places
from web.editor_build.problem import BuildProblem, RegistryUnreachable
from web.editor_build.sources import read_sources


async def cut_off(request, data):
    answer = web.StreamResponse(headers={"Content-Length": str(len(data))})
    await answer.prepare(request)
    await answer.write(data[: len(data) // 2])
    request.transport.close()
    return answer


async def wrong_bytes(request, data):
    return web.Response(body=b"\0" + data[1:])


async def overloaded(request, data):
    return web.Response(status=503)


async def silent(request, data):
    await asyncio.Event().wait()
    raise AssertionError


async def trickling(request, data):
    answer = web.StreamResponse(headers={"Content-Length": str(len(data))})
    await answer.prepare(request)
    for byte in data:
        await answer.write(bytes([byte]))
        await asyncio.sleep(0.05)
    return answer


async def redirected(request, data):
    raise web.HTTPFound(request.path)


def packages_of(editor):
    return needed_packages(read_lock((editor / "package-lock.json").read_bytes()), PLATFORM)


def fetching(tmp_path, test, **limits):
    """Run a test with a registry and a function that fetches all packages from it."""

    async def main():
        async with small_registry() as registry:
            packages = packages_of(write_editor(tmp_path / "editor", registry.packages))
            reached = Registry(registry.address, None, **limits)
            told = []

            async def fetch():
                return await asyncio.to_thread(fetch_all, packages, reached, tmp_path / "tarballs", told.append)

            await test(registry, fetch, told)

    asyncio.run(main())


def test_packages_are_fetched_once_and_told_of(tmp_path):
    async def test(registry: SmallRegistry, fetch, told):
        found = await fetch()
        assert {package.name: path.read_bytes() for package, path in found.items()} == registry.packages
        assert told[0] == "Fetching 3 packages" and told[-1] == "Fetching packages: 3 of 3"
        assert sorted(registry.asked)[0] == "/@esbuild/linux-x64/-/linux-x64-1.0.0.tgz"
        await fetch()
        assert len(registry.asked) == 3

    fetching(tmp_path, test)


@pytest.mark.parametrize("fault", [cut_off, wrong_bytes, overloaded, redirected])
def test_one_failure_is_forgiven(tmp_path, fault):
    async def test(registry: SmallRegistry, fetch, told):
        registry.faults["left"] = [fault]
        await fetch()
        assert registry.asked.count("/left/-/left-1.0.0.tgz") == 2

    fetching(tmp_path, test)


@pytest.mark.parametrize(
    ("fault", "reason", "kind"),
    [
        (cut_off, "ended before", RegistryUnreachable),
        (wrong_bytes, "sha512 differs", BuildProblem),
        (overloaded, "503", RegistryUnreachable),
    ],
)
def test_what_fails_twice_is_told_with_the_package_and_the_host(tmp_path, fault, reason, kind):
    async def test(registry: SmallRegistry, fetch, told):
        registry.faults["left"] = [fault, fault]
        with pytest.raises(BuildProblem, match=rf"left 1\.0\.0 .* 127\.0\.0\.1:\d+: .*{reason}") as problem:
            await fetch()
        assert type(problem.value) is kind
        assert "NPM_CONFIG_REGISTRY" in problem.value.remedy
        assert not any("left" in path.read_bytes().decode("latin-1") for path in (tmp_path / "tarballs").glob(".tmp*"))
        registry.faults.clear()
        await fetch()  # nothing wrong was kept

    fetching(tmp_path, test)


def test_a_package_that_is_not_there_is_not_asked_for_again(tmp_path):
    async def test(registry: SmallRegistry, fetch, told):
        del registry.packages["left"]
        with pytest.raises(BuildProblem, match="404"):
            await fetch()
        assert registry.asked.count("/left/-/left-1.0.0.tgz") == 1

    fetching(tmp_path, test)


def test_a_registry_that_falls_silent_is_given_up(tmp_path):
    async def test(registry: SmallRegistry, fetch, told):
        registry.faults["left"] = [silent, silent]
        with pytest.raises(RegistryUnreachable, match="in time"):
            await fetch()

    fetching(tmp_path, test, silence_seconds=0.2)


def test_a_registry_that_trickles_is_given_up(tmp_path):
    async def test(registry: SmallRegistry, fetch, told):
        registry.faults["left"] = [trickling, trickling]
        with pytest.raises(RegistryUnreachable, match="did not arrive within"):
            await fetch()

    fetching(tmp_path, test, package_seconds=0.2)


def test_a_damaged_file_of_the_cache_is_fetched_again(tmp_path):
    async def test(registry: SmallRegistry, fetch, told):
        found = await fetch()
        damaged = next(path for package, path in found.items() if package.name == "left")
        damaged.write_bytes(damaged.read_bytes()[:-1])
        again = await fetch()
        assert again == found and damaged.read_bytes() == registry.packages["left"]

    fetching(tmp_path, test)


def test_no_registry_at_all(tmp_path):
    packages = packages_of(write_editor(tmp_path / "editor", usual_packages()))
    with pytest.raises(RegistryUnreachable, match=r"127\.0\.0\.1:9"):
        fetch_all(packages, Registry("http://127.0.0.1:9"), tmp_path / "tarballs", print)


def test_certificates_that_cannot_be_read_are_told(tmp_path):
    packages = packages_of(write_editor(tmp_path / "editor", usual_packages()))
    (tmp_path / "bad.pem").write_text("no certificate")
    for path in (tmp_path / "bad.pem", tmp_path / "none.pem"):
        with pytest.raises(BuildProblem, match="certificates"):
            fetch_all(packages, Registry("https://127.0.0.1:9", path), tmp_path / "tarballs", print)


def test_a_package_whose_lock_entry_was_forged_is_refused(tmp_path):
    """What counts is the lock file: a registry that has other content under the same name and version is of no use."""

    async def main():
        async with small_registry() as registry:
            editor = write_editor(tmp_path / "editor", registry.packages)
            registry.packages["left"] = usual_packages()["@scope/right"]
            builder = Builder(Places(tmp_path / "cache"), Registry(registry.address), PLATFORM)
            with pytest.raises(BuildProblem, match="sha512 differs"):
                await asyncio.to_thread(builder.build, read_sources(editor), print)
            assert not (tmp_path / "cache" / "editor" / "builds").exists()

    asyncio.run(main())
