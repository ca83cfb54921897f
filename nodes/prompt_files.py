"""The content of the files that prompts name, for cache keys."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from folders.digest import file_digest
from folders.workspace import Workspace
from models.adapters.embeddings import EmbeddingFolders
from models.prompting.lora_tags import resolve, tag_names
from models.sdxl.prompt_tokens import embedding_names

EMBEDDINGS = "embeddings"
LORAS = "loras"
WILDCARDS = "wildcards"
STYLES = "styles"
OWN_WILDCARDS = Path(__file__).parent / "prompting" / "data" / "wildcards"  # colour, shape, place
WILDCARD_MARK = "__"  # around the name of a wildcard


@dataclass(frozen=True)
class PromptFiles:
    """The `files` of an engine whose text nodes know `embedding:name`, `<lora:name:1>`, `__wildcard__` and styles."""

    workspace: Workspace

    def digest(self, folder: str, name: str) -> str:
        """The digest of the file that an input names; errors as `Workspace.digest`."""
        return self.workspace.digest(folder, name)

    def mentioned(self, folder: str, text: str | None) -> str:
        """The digest of the files that a prompt names; of all that there are where the prompt is not known yet.

        A name without a file counts as well: the result changes when the file comes. Wildcards name further
        wildcards, so that where a text has any, all files count; so they do for styles.
        """
        if folder not in (EMBEDDINGS, LORAS, WILDCARDS, STYLES):
            return ""
        if text is None or (folder == WILDCARDS and WILDCARD_MARK in text) or (folder == STYLES and text.strip()):
            return _joined(
                f"{path} {state.st_size} {state.st_mtime_ns}" for path, state in _all_files(self._all(folder))
            )
        return _joined(_contents(mentioned_files(self.workspace, folder, text)))

    def _all(self, folder: str) -> list[Path]:
        if folder == STYLES:
            return [self.workspace.root / STYLES]
        return wildcard_folders(self.workspace) if folder == WILDCARDS else self.workspace.searched_folders(folder)


def wildcard_folders(workspace: Workspace) -> list[Path]:
    """The folders of wildcards: `wildcards` in the workspace, then those beside models, then Weft's own."""
    return [workspace.root / WILDCARDS, *workspace.model_folders(WILDCARDS), OWN_WILDCARDS]


def mentioned_files(workspace: Workspace, folder: str, text: str) -> Iterator[tuple[str, Path | None]]:
    """The embeddings or LoRAs that a text may name, each name with its file if there is one."""
    if folder == EMBEDDINGS:
        embeddings = EmbeddingFolders(tuple(workspace.searched_folders(EMBEDDINGS)))
        yield from ((name, embeddings.find(name)) for name in embedding_names(text))
    elif folder == LORAS:
        names = tag_names(text)
        files = workspace.list_files(LORAS) if names else []
        for name in names:
            found = resolve(name, files)
            yield found or name, workspace.model(LORAS, found) if found else None


def _contents(named: Iterable[tuple[str, Path | None]]) -> Iterator[str]:
    for name, path in named:
        try:
            yield f"{name} {file_digest(path) if path else None}"
        except OSError:  # gone or closed meanwhile: the node will say so
            yield f"{name} unreadable"


def _joined(lines: Iterator[str]) -> str:
    text = "\n".join(lines)
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest() if text else ""


def _all_files(folders: list[Path]) -> Iterator[tuple[Path, os.stat_result]]:
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                yield path, path.stat()
