"""The parts of the editor's build that need no network: lock file, names, configuration, cache, tarballs, page."""

import io
import json
import os
import sys
import tarfile
from pathlib import Path

import pytest

from tests.web.helpers.small_registry import BUNDLER, PLATFORM, lock_of, tarball, usual_packages
from web.editor_build.cache_folder import usual_cache, writable_cache
from web.editor_build.fetching import Registry
from web.editor_build.lock_file import bundler_package, needed_packages, read_lock
from web.editor_build.npm_settings import USUAL_REGISTRY, registry
from web.editor_build.places import LOCK
from web.editor_build.platforms import Platform, this_platform
from web.editor_build.problem import BuildProblem
from web.editor_build.publishing import first_scripts, with_stamp
from web.editor_build.sources import EDITOR
from web.editor_build.unpacking import unpack

REAL_LOCK = read_lock((EDITOR / LOCK).read_bytes())


def packed(lock: object) -> bytes:
    return json.dumps(lock).encode()


# ---- the lock file


def test_the_lock_file_names_what_is_bundled_and_the_bundler():
    packages = needed_packages(REAL_LOCK, PLATFORM)
    names = [package.name for package in packages]
    assert {"react", "react-dom", "@xyflow/react", "@xyflow/system", "zustand", "immer"} <= {*names}
    assert names[-1] == BUNDLER
    assert not {"typescript", "vitest", "esbuild"} & {*names}
    assert not any(name.startswith("@types/") for name in names)
    assert all(len(package.sha512) == 64 for package in packages)
    doubled = {package.place for package in packages if package.name == "zustand"}
    assert doubled == {"node_modules/zustand", "node_modules/@xyflow/react/node_modules/zustand"}


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
@pytest.mark.parametrize("processor", ["x64", "arm64"])
def test_there_is_a_bundler_for_each_usual_platform(system, processor):
    assert bundler_package(REAL_LOCK, Platform(system, processor)).name == f"@esbuild/{system}-{processor}"


def test_this_machine_has_a_bundler():
    assert bundler_package(REAL_LOCK, this_platform()).name == f"@esbuild/{this_platform()}"


def test_a_machine_without_a_bundler_is_told_what_to_do():
    with pytest.raises(BuildProblem, match="no esbuild for this machine") as told:
        bundler_package(REAL_LOCK, Platform("plan9", "pdp11"))
    assert "--editor" in told.value.remedy


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"lockfileVersion": 1, "packages": {}}', b"[" * 100_000])
def test_what_is_no_lock_file_is_refused(data):
    with pytest.raises(BuildProblem, match=LOCK):
        read_lock(data)


@pytest.mark.parametrize(
    ("place", "changes"),
    [
        ("node_modules/../../escape", {}),
        ("elsewhere/left", {}),
        ("node_modules/left/../..", {}),
        ("node_modules/left", {"version": "1.0.0/../../x"}),
        ("node_modules/left", {"link": True}),
        ("node_modules/left", {"integrity": "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="}),
        ("node_modules/left", {"integrity": ""}),
        ("node_modules/left", {"integrity": "sha512-short"}),
        ("node_modules/left", {"name": "../left"}),
    ],
)
def test_an_entry_that_cannot_be_trusted_is_refused(place, changes):
    lock = lock_of(usual_packages())
    lock["packages"][place] = {**lock["packages"]["node_modules/left"], **changes}
    with pytest.raises(BuildProblem):
        needed_packages(read_lock(packed(lock)), PLATFORM)


def test_packages_for_other_machines_are_left_out():
    lock = lock_of(usual_packages())
    for name, rule in {"mac": {"os": ["darwin"]}, "arm": {"cpu": ["arm64"]}, "not-linux": {"os": ["!linux"]}}.items():
        lock["packages"][f"node_modules/{name}"] = {**lock["packages"]["node_modules/left"], **rule}
    lock["packages"]["node_modules/any"] = {**lock["packages"]["node_modules/left"], "os": ["!win32"]}
    names = [package.name for package in needed_packages(read_lock(packed(lock)), PLATFORM)]
    assert names == ["left", "@scope/right", "any", BUNDLER]


def test_addresses_of_tarballs():
    scoped = next(one for one in needed_packages(REAL_LOCK, PLATFORM) if one.name == "@xyflow/react")
    at = Registry("https://user:secret@example.com:8443/npm")
    assert at.url(scoped).startswith("https://user:secret@example.com:8443/npm/@xyflow/react/-/react-")
    assert at.url(scoped).endswith(".tgz")
    assert at.host == "example.com:8443"


# ---- configuration


def test_the_registry_is_taken_from_where_npm_takes_it(tmp_path):
    project, home, other = tmp_path / "project", tmp_path / "home", tmp_path / "other"
    for folder in (project, home):
        folder.mkdir()
    environment = {"HOME": str(home), "PREFIX": "npm.example"}
    (home / ".npmrc").write_text("; words\n# registry=https://no/\nfund=false\nregistry = https://home.example/npm/\n")
    assert registry(project, environment) == "https://home.example/npm"
    other.write_text("registry=https://${PREFIX}/\n")
    assert registry(project, {**environment, "NPM_CONFIG_USERCONFIG": str(other)}) == "https://npm.example"
    (project / ".npmrc").write_text('registry="https://project.example"')
    assert registry(project, environment) == "https://project.example"
    assert registry(project, {**environment, "NPM_CONFIG_REGISTRY": "http://env.example/"}) == "http://env.example"
    assert registry(project, {**environment, "npm_config_registry": "http://small.example"}) == "http://small.example"


def test_without_any_configuration_it_is_npms_own(tmp_path, monkeypatch):
    monkeypatch.setattr("web.editor_build.npm_settings.GLOBAL_FILES", ())
    assert registry(tmp_path, {"HOME": str(tmp_path)}) == USUAL_REGISTRY


def test_a_registry_that_is_no_address_is_told(tmp_path):
    with pytest.raises(BuildProblem, match="no address"):
        registry(tmp_path, {"NPM_CONFIG_REGISTRY": "file:///etc", "HOME": str(tmp_path)})


def test_where_the_cache_lies(tmp_path):
    home = {"HOME": str(tmp_path)}
    assert usual_cache({**home, "WEFT_CACHE": str(tmp_path / "own")}, "linux") == tmp_path / "own"
    assert usual_cache(home, "linux") == tmp_path / ".cache" / "weft"
    assert usual_cache({**home, "XDG_CACHE_HOME": str(tmp_path / "x")}, "linux") == tmp_path / "x" / "weft"
    assert usual_cache({**home, "XDG_CACHE_HOME": "relative"}, "linux") == tmp_path / ".cache" / "weft"
    assert usual_cache(home, "darwin") == tmp_path / "Library" / "Caches" / "weft"
    assert usual_cache({"LOCALAPPDATA": str(tmp_path / "l")}, "win32") == tmp_path / "l" / "weft" / "cache"


def test_without_a_home_the_cache_is_not_where_others_could_have_put_one(tmp_path, monkeypatch):
    """A service may have no HOME; programs from a folder that anybody can make are not to be run."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("web.editor_build.cache_folder.Path.home", lambda: tmp_path / "of the account")
    assert usual_cache({}, "linux") == tmp_path / "of the account" / ".cache" / "weft"

    def nobody():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr("web.editor_build.cache_folder.Path.home", nobody)
    (tmp_path / ".cache" / "weft").mkdir(parents=True)
    assert usual_cache({}, "linux") is None
    made = writable_cache(None)
    assert made.parent == tmp_path and made.name.startswith("weft-cache-")


@pytest.mark.skipif(sys.platform == "win32", reason="owners and modes are POSIX's")
def test_a_cache_that_cannot_be_written_gives_way_to_a_private_temporary_folder(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    first = writable_cache(tmp_path / "file" / "weft")
    assert first.parent == tmp_path and first.stat().st_mode & 0o777 == 0o700
    assert writable_cache(tmp_path / "file" / "weft") == first
    first.chmod(0o777)  # somebody else may have put a build there
    assert writable_cache(tmp_path / "file" / "weft") != first
    first.rmdir()
    first.symlink_to(tmp_path)
    assert writable_cache(tmp_path / "file" / "weft") != first


# ---- tarballs


def test_a_package_is_unpacked_without_its_outer_folder(tmp_path):
    (tmp_path / "a.tgz").write_bytes(tarball({"index.js": "1", "bin/run": "2"}, executable="bin/run"))
    unpack(tmp_path / "a.tgz", tmp_path / "out")
    assert (tmp_path / "out" / "index.js").read_text() == "1"
    assert (tmp_path / "out" / "bin" / "run").read_text() == "2"
    if sys.platform != "win32":
        assert os.access(tmp_path / "out" / "bin" / "run", os.X_OK)
        assert not os.access(tmp_path / "out" / "index.js", os.X_OK)


def hostile(folder: Path, name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> Path:
    """A tarball with one member."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.size = kind, link, 4 if kind == tarfile.REGTYPE else 0
    with tarfile.open(folder / "bad.tgz", "w:gz") as archive:
        archive.addfile(member, io.BytesIO(b"evil"))
    return folder / "bad.tgz"


@pytest.mark.parametrize(
    "name",
    ["package/../../evil", "../evil", "/package/evil", "package//evil", "package/a/./evil", "package/..\\..\\evil",
     "package/C:evil", "evil", "package/a/../../../evil"],
)  # fmt: skip
def test_names_that_lead_out_are_refused(tmp_path, name):
    before = sorted(tmp_path.rglob("*"))
    path = hostile(tmp_path, name)
    with pytest.raises(BuildProblem, match="leads out"):
        unpack(path, tmp_path / "out")
    assert sorted(tmp_path.rglob("*")) == [*before, path]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(tmp_path, kind):
    with pytest.raises(BuildProblem, match="no plain file"):
        unpack(hostile(tmp_path, "package/x", kind, "/etc/passwd"), tmp_path / "out")


@pytest.mark.parametrize("damage", [lambda data: data[:50], lambda data: b"not gzip at all", lambda data: data[:-20]])
def test_damaged_tarballs_are_told(tmp_path, damage):
    (tmp_path / "a.tgz").write_bytes(damage(tarball({"index.js": "1" * 5000, "b.js": "2" * 5000})))
    with pytest.raises(BuildProblem, match="no sound tarball"):
        unpack(tmp_path / "a.tgz", tmp_path / "out")


# ---- the page


def test_the_page_names_the_builds_own_files():
    page = "<head><link href='/editor/main.css'><script src=\"/editor/main.js\"></script></head><a href='/status'>"
    made = with_stamp(page, "0123456789abcdef", ["chunks/a.js"])
    assert "'editor/0123456789abcdef/main.css'" in made
    assert '"editor/0123456789abcdef/main.js"' in made
    assert '<link rel="modulepreload" href="editor/0123456789abcdef/chunks/a.js">' in made
    assert "href='/status'" in made
    with pytest.raises(BuildProblem, match="does not refer"):
        with_stamp("<head></head>", "0123456789abcdef", [])


def test_what_is_imported_on_demand_is_no_part_of_the_first_load():
    def links(*imports):
        return {"imports": [{"path": path, "kind": kind} for path, kind in imports]}

    outputs = {
        "main.js": links(("a.js", "import-statement"), ("later.js", "dynamic-import")),
        "a.js": links(("b.js", "import-statement"), ("main.js", "import-statement")),
        "b.js": links(("https://elsewhere/x.js", "import-statement")),
        "later.js": links(("c.js", "import-statement")),
        "c.js": links(),
    }
    assert first_scripts(outputs) == ["main.js", "a.js", "b.js"]
