"""The whole build: what there is already is taken, the rest is fetched, unpacked and bundled."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from web.editor_build.bundling import bundle, esbuild_program
from web.editor_build.cache_folder import VARIABLE
from web.editor_build.fetching import Registry, Tell, fetch_all
from web.editor_build.finding import find_build, usual_places
from web.editor_build.keeping import prune
from web.editor_build.lock_file import Package, needed_packages, read_lock
from web.editor_build.npm_settings import registry, setting
from web.editor_build.places import INDEX, LOCK, Places, mark_used, move_into_place, unfinished
from web.editor_build.platforms import Platform, this_platform
from web.editor_build.problem import BuildProblem
from web.editor_build.publishing import publish
from web.editor_build.sources import Sources, read_sources
from web.editor_build.unpacking import unpack

PUBLIC = "public/"


@dataclass(frozen=True, slots=True)
class Builder:
    """Where a build takes its parts from and where it puts them."""

    places: Places
    registry: Registry
    platform: Platform

    def build(self, sources: Sources, tell: Tell) -> Path:
        """The folder of these sources' build. It is made unless it is there; `tell` hears of each step.

        Raises:
            BuildProblem: it cannot be made.
        """
        try:
            return find_build(self.places, sources.stamp) or self._make(sources, tell)
        except OSError as error:
            raise BuildProblem(
                f"The editor cannot be built in {self.places.cache} ({error.strerror or error}: {error.filename}).",
                f"Make room there, or name another folder with the environment variable {VARIABLE}.",
            ) from error

    def _make(self, sources: Sources, tell: Tell) -> Path:
        packages = needed_packages(read_lock(sources.files[LOCK]), self.platform)
        tarballs = fetch_all(packages, self.registry, self.places.tarballs, tell)
        root = self._unpacked(tarballs, tell)
        tell("Bundling")
        place = self.places.builds / sources.stamp
        with unfinished(root) as work, unfinished(self.places.builds) as out:
            sources.write(work)
            outputs = bundle(esbuild_program(root / "node_modules", self.platform), work, out)
            public = {name.removeprefix(PUBLIC): data for name, data in _below(sources, PUBLIC).items()}
            publish(out, outputs, public, sources.files[INDEX], sources.stamp)
            move_into_place(out, place)
        prune(self.places, tarballs.values())
        return place

    def _unpacked(self, tarballs: Mapping[Package, Path], tell: Tell) -> Path:
        """The folder in which `node_modules` lies."""
        place = self.places.modules / _digest(list(tarballs), self.platform)
        if place.is_dir():
            mark_used(place)
            return place
        tell("Unpacking packages")
        with unfinished(self.places.modules) as folder:
            for package, tarball in tarballs.items():
                unpack(tarball, folder / package.place)
            move_into_place(folder, place)
        return place


def usual_builder(editor: Path, cache: Path | None = None) -> Builder:
    """With the configuration of this machine.

    Raises:
        BuildProblem: the configuration cannot be used.
    """
    certificates = setting("cafile", editor) or os.environ.get("NODE_EXTRA_CA_CERTS")
    reached = Registry(registry(editor), Path(certificates) if certificates else None)
    return Builder(usual_places(cache), reached, this_platform())


def build_editor(editor: Path, tell: Tell, cache: Path | None = None) -> Path:
    """Build the editor whose sources lie in `editor`; its folder.

    Raises:
        BuildProblem: it cannot be built.
    """
    return usual_builder(editor, cache).build(read_sources(editor), tell)


def _below(sources: Sources, folder: str) -> dict[str, bytes]:
    return {name: data for name, data in sources.files.items() if name.startswith(folder)}


def _digest(packages: Sequence[Package], platform: Platform) -> str:
    digest = hashlib.sha256(str(platform).encode())
    for package in sorted(packages, key=lambda one: one.place):
        digest.update(f"\0{package.place}\0".encode())
        digest.update(package.sha512)
    return digest.hexdigest()[:16]
