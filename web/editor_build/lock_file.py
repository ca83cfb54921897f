"""What `package-lock.json` (version 3) says is to be fetched: names, versions and digests."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from web.editor_build.places import LOCK
from web.editor_build.platforms import Platform
from web.editor_build.problem import BuildProblem

VERSION = 3  # of the format
MODULES = "node_modules/"
BUNDLER = "@esbuild/"  # its native programs: one package for each platform
TYPES = "@types/"  # declarations for the type checker: nothing that a browser runs
NAME = re.compile(r"(?:@[a-z0-9~-][a-z0-9._~-]*/)?[a-zA-Z0-9~_-][a-zA-Z0-9._~-]*")
PACKAGE_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]*")
DIGEST_BYTES = 64  # of SHA-512
REMEDY = "Restore web/editor/package-lock.json from Weft's repository, or make it anew with npm install."


@dataclass(frozen=True, slots=True)
class Package:
    """One tarball, and the folder below the package root in which it belongs."""

    place: str  # node_modules/react, node_modules/a/node_modules/b
    name: str
    version: str
    sha512: bytes

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def read_lock(data: bytes) -> Mapping[str, Mapping[str, Any]]:
    """The lock file's packages by their place.

    Raises:
        BuildProblem: it is no lock file of the version that is understood here.
    """
    try:
        lock: Any = json.loads(data)
        packages = lock["packages"]
        version = lock["lockfileVersion"]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise BuildProblem(f"The editor's {LOCK} cannot be read ({error}).", REMEDY) from error
    if version != VERSION or not isinstance(packages, dict):
        raise BuildProblem(f"The editor's {LOCK} has format version {version}, not {VERSION}.", REMEDY)
    return cast("Mapping[str, Mapping[str, Any]]", packages)


def needed_packages(lock: Mapping[str, Mapping[str, Any]], platform: Platform) -> list[Package]:
    """What the bundle is made of, and the bundler's program for `platform` last.

    Raises:
        BuildProblem: an entry cannot be trusted as it stands, or there is no bundler for this platform.
    """
    bundled = [
        _package(place, entry)
        for place, entry in lock.items()
        if place and not entry.get("dev") and not _name(place, entry).startswith(TYPES) and _suits(entry, platform)
    ]
    return [*bundled, bundler_package(lock, platform)]


def bundler_package(lock: Mapping[str, Mapping[str, Any]], platform: Platform) -> Package:
    """The package that holds esbuild's own program for a platform.

    Raises:
        BuildProblem: there is none.
    """
    for place, entry in lock.items():
        if place.startswith(MODULES + BUNDLER) and _suits(entry, platform):
            return _package(place, entry)
    raise BuildProblem(
        f"There is no esbuild for this machine ({platform}), so that the editor cannot be built on it.",
        "Build it on another machine (python -m web.build --print), copy that folder here and name it with --editor.",
    )


def _suits(entry: Mapping[str, Any], platform: Platform) -> bool:
    """Whether a package says that it runs on a platform; one that says nothing runs on all."""
    return _listed(platform.system, entry.get("os")) and _listed(platform.processor, entry.get("cpu"))


def _listed(word: str, words: Sequence[str] | None) -> bool:
    if words is None:
        return True
    wanted = [one for one in words if not one.startswith("!")]
    return f"!{word}" not in words and (not wanted or word in wanted)


def _name(place: str, entry: Mapping[str, Any]) -> str:
    return str(entry.get("name") or place.rpartition(MODULES)[2])  # `name` stands where a package has an alias


def _package(place: str, entry: Mapping[str, Any]) -> Package:
    name, version = _name(place, entry), str(entry.get("version", ""))
    parts = place.split(MODULES)
    sound = parts[0] == "" and all(NAME.fullmatch(part.rstrip("/")) for part in parts[1:])
    if not sound or not NAME.fullmatch(name) or not PACKAGE_VERSION.fullmatch(version) or entry.get("link"):
        raise BuildProblem(f"The editor's {LOCK} has an entry that cannot be fetched: {place!r}.", REMEDY)
    return Package(place, name, version, _digest(name, str(entry.get("integrity", ""))))


def _digest(name: str, integrity: str) -> bytes:
    for one in integrity.split():
        kind, _, encoded = one.partition("-")
        if kind == "sha512":
            try:
                digest = base64.b64decode(encoded, validate=True)
            except binascii.Error:
                continue
            if len(digest) == DIGEST_BYTES:
                return digest
    raise BuildProblem(f"The editor's {LOCK} has no sha512 of {name}, so that it could not be verified.", REMEDY)
