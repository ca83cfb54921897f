"""The content of the files that prompts name, for cache keys."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from folders.digest import file_digest
from folders.workspace import Workspace
from models.adapters.embeddings import EmbeddingFolders
from models.sdxl.prompt_tokens import embedding_names

EMBEDDINGS = "embeddings"


@dataclass(frozen=True)
class PromptFiles:
    """The `files` of an engine whose text nodes know `embedding:name`."""

    workspace: Workspace

    def digest(self, folder: str, name: str) -> str:
        """The digest of the file that an input names; errors as `Workspace.digest`."""
        return self.workspace.digest(folder, name)

    def mentioned(self, folder: str, text: str | None) -> str:
        """The digest of the embeddings that a prompt names; of all that there are where the prompt is not known yet.

        A name without a file counts as well: the result changes when the file comes.
        """
        if folder != EMBEDDINGS:
            return ""
        folders = self.workspace.searched_folders(EMBEDDINGS)
        if text is None:
            return _joined(f"{path} {state.st_size} {state.st_mtime_ns}" for path, state in _all_files(folders))
        return _joined(_contents(EmbeddingFolders(tuple(folders)), embedding_names(text)))


def _contents(folders: EmbeddingFolders, names: list[str]) -> Iterator[str]:
    for name in names:
        path = folders.find(name)
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
