"""Listing folders without reading them again while nothing in them has changed."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from folders.walking import walk_once
from folders.workspace import OWN_LISTS, Workspace

SETTLED_SECONDS = 0.1
"""A folder that changed this recently is read again each time: a second change might not move its clock."""

Stamps = tuple[tuple[str, int], ...]


@dataclass(slots=True)
class _Known:
    names: list[str]
    stamps: Stamps  # of every folder that was read
    settled: bool


@dataclass(slots=True)
class FolderListing:
    """The files of a workspace's folders, as `Workspace.list_files` gives them.

    Adding, removing and renaming files changes the time stamp of the folder they are in; asking for that costs some
    microseconds, however many files there are. Files that appear show at once.
    """

    workspace: Workspace
    _known: dict[str, _Known] = field(default_factory=dict[str, _Known])

    def list_files(self, folder: str) -> list[str]:
        """The files that a combo of `folder` offers, sorted."""
        return list(self._look(folder).names)

    def stamp(self, folder: str) -> Stamps:
        """Equal to an earlier one only if the folder's files are the same as then."""
        known = self._look(folder)
        return known.stamps if known.settled else (*known.stamps, ("", time.monotonic_ns()))

    def _look(self, folder: str) -> _Known:
        known = self._known.get(folder)
        if known is not None and known.settled and _stamped(path for path, _ in known.stamps) == known.stamps:
            return known
        before = _stamped(self._folders(folder))
        names = self.workspace.list_files(folder)
        youngest = max((stamp for _, stamp in before), default=0)
        settled = time.time_ns() - youngest > SETTLED_SECONDS * 1e9
        known = self._known[folder] = _Known(names, before, settled)
        return known

    def _folders(self, folder: str) -> list[str]:
        if folder in OWN_LISTS:
            return [str(self.workspace.folder(OWN_LISTS[folder]))]
        bases = [str(base) for base in self.workspace.model_folders(folder)]
        bundled = self.workspace.bundled_folder(folder)
        if bundled is not None:
            bases.append(str(bundled))
        return list(dict.fromkeys(path for base in bases for path in (base, *_below(base))))


def _below(base: str) -> list[str]:
    """The folders in a folder, however deep."""
    return [str(Path(directory, name)) for directory, folders, _ in walk_once(base) for name in folders]


def _stamped(paths: Iterable[str]) -> Stamps:
    """Folders with their time stamps; 0 for one that is not there."""
    result: list[tuple[str, int]] = []
    for path in paths:
        try:
            result.append((path, Path(path).stat().st_mtime_ns))
        except OSError:
            result.append((path, 0))
    return tuple(result)
