"""The files that nodes name: where they lie and what they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from execution.ancestor import Ancestor
from folders.content_digests import ContentDigests
from folders.digest import WHOLE_BELOW, file_digest
from folders.safe_paths import UnsafeNameError
from folders.workspace import Workspace
from models.adapters.embeddings import EmbeddingFolders
from models.prompting.lora_tags import resolve, tag_names
from models.sdxl.prompt_tokens import embedding_names
from nodes.prompt_files import EMBEDDINGS, LORAS
from nodes.provenance import UsedFile

MENTIONED: Mapping[str, Callable[[str], list[str]]] = MappingProxyType({EMBEDDINGS: embedding_names, LORAS: tag_names})
"""Folders whose files texts name, and how the names are found."""


class NamedFile(NamedTuple):
    """A file as a node names it."""

    node: str
    folder: str
    name: str
    noted: str | None  # the digest that the node's cache key has of it


def path_of(workspace: Workspace, folder: str, name: str) -> Path | None:
    """Where a file lies that a node names; None: nowhere."""
    try:
        return workspace.named(folder, name)
    except (UnsafeNameError, OSError):
        if folder == EMBEDDINGS:  # prompts leave the suffix away
            return EmbeddingFolders(tuple(workspace.searched_folders(EMBEDDINGS))).find(name)
        found = resolve(name, workspace.list_files(LORAS)) if folder == LORAS else None
        return workspace.model(LORAS, found) if found else None


def named_files(ancestors: Iterable[Ancestor]) -> list[NamedFile]:
    """The files that nodes name, each once."""
    found: dict[tuple[str, str], NamedFile] = {}
    for ancestor in ancestors:
        for one in (*_chosen(ancestor), *_mentioned(ancestor)):
            found.setdefault((one.folder, one.name), one)
    return list(found.values())


def used_files(
    named: Iterable[NamedFile], workspace: Workspace, digests: ContentDigests, check: Callable[[], None]
) -> Iterator[UsedFile]:
    """What the files hold. A prompt's `embedding:` without a file is none."""
    for one in named:
        path = path_of(workspace, one.folder, one.name)
        if path is not None or one.folder != EMBEDDINGS:
            yield UsedFile(one.node, one.folder, one.name, path and _digest(path, one.noted, digests, check))


def _digest(path: Path, noted: str | None, digests: ContentDigests, check: Callable[[], None]) -> str | None:
    """The digest of the content that was used; None where the file has changed since the run looked at it."""
    try:
        if noted is None or path.is_dir():
            return digests.of(path, check)
        if path.stat().st_size < WHOLE_BELOW:
            return noted  # is one of the whole file already
        return digests.of(path, check) if file_digest(path) == noted else None
    except OSError:
        return None


def _chosen(ancestor: Ancestor) -> Iterator[NamedFile]:
    for spec in ancestor.spec.inputs:
        if spec.files is None:
            continue
        for name in ancestor.values.get(spec.name, ()):
            if isinstance(name, str) and name not in (spec.choices or ()):
                yield NamedFile(ancestor.ref.real, spec.files, name, ancestor.files.get(spec.name))


def _mentioned(ancestor: Ancestor) -> Iterator[NamedFile]:
    for input_name, folder in ancestor.mentions.items():
        for text in ancestor.values.get(input_name, ()):
            for name in MENTIONED[folder](text) if folder in MENTIONED and isinstance(text, str) else ():
                yield NamedFile(ancestor.ref.real, folder, name, None)
