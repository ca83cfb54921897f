"""Textual inversion: learned vectors that stand for a word (Gal et al., arXiv 2208.01618), found by file name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from torch import Tensor

from models.checkpoints.errors import CheckpointError
from models.checkpoints.pickles import is_pickle, load_pickle
from models.checkpoints.weights import open_weights
from models.sdxl.prompt_tokens import EmbeddingMisfit

SUFFIXES = ("", ".safetensors", ".pt", ".bin")
TRAINER_KEY = "string_to_param"  # under which the first trainers keep {word: vectors}


MOST_NAMED = 4  # tensors that a message names
ENCODERS: Mapping[str, str] = {"l": "CLIP-L", "g": "OpenCLIP-bigG", "h": "OpenCLIP-H"}


@dataclass(frozen=True)
class EmbeddingFolders:
    """Folders whose files, also in sub-folders, `embedding:name` in a prompt refers to."""

    folders: tuple[Path, ...]

    def find(self, name: str) -> Path | None:
        """The file of that name, with or without suffix; None also for names that point outside the folders."""
        relative = PurePosixPath(name.replace("\\", "/"))
        if relative.is_absolute() or ".." in relative.parts or "\0" in name or not relative.parts:
            return None
        for folder in self._all_folders():
            for suffix in SUFFIXES:
                file = folder / f"{relative}{suffix}"
                if file.is_file():
                    return file
        return None

    def vectors(self, name: str, encoder: str, width: int) -> Tensor | None:
        """The vectors [n, width] of an embedding for the encoder "l", "g" or "h"; None if there is no such file.

        Raises:
            CheckpointError: if the file is damaged.
            EmbeddingMisfit: if none of its vectors are for that encoder; says what was expected and found.
        """
        file = self.find(name)
        if file is None:
            return None
        named = read_embedding(file)
        fitting = {key: value for key, value in named.items() if value.ndim in (1, 2) and value.shape[-1] == width}
        wanted = fitting.get(f"clip_{encoder}")
        if wanted is None:
            wanted = next((value for key, value in fitting.items() if not key.startswith("clip_")), None)
        if wanted is None:
            raise EmbeddingMisfit(_misfit(file, named, encoder, width))
        return wanted.detach().reshape(-1, width).float()

    def _all_folders(self) -> Iterator[Path]:
        for folder in self.folders:
            yield folder
            yield from sorted(path for path in folder.rglob("*") if path.is_dir())


def _misfit(file: Path, named: Mapping[str, Tensor], encoder: str, width: int) -> str:
    """What a file has in place of vectors for an encoder."""
    sizes = ", ".join(f"{name[:40]} {list(value.shape)}" for name, value in list(named.items())[:MOST_NAMED])
    return (
        f"its file {file.name} has no vectors for the text encoder {ENCODERS.get(encoder, encoder)}: expected are "
        f"vectors {width} values wide, found are {sizes}. That encoder reads the prompt without it"
    )


def read_embedding(file: Path) -> dict[str, Tensor]:
    """The tensors of an embedding's file by name: `clip_l` and `clip_g` for SDXL, anything for one encoder.

    Raises:
        CheckpointError: if the file holds none, or is damaged or hostile.
    """
    with file.open("rb") as opened:
        pickled = is_pickle(opened.read(64))
    if not pickled:
        weights = open_weights(file)
        return {name: weights.tensor(name) for name in weights.shapes}
    tensors = dict(_tensors(load_pickle(file)))
    if not tensors:
        raise CheckpointError(f"{file.name} holds no vectors: it is no embedding. Choose another file.")
    return tensors


def _tensors(found: Any) -> Iterator[tuple[str, Tensor]]:
    if isinstance(found, Mapping):
        inner = found.get(TRAINER_KEY, found)
        for name, value in inner.items():
            if isinstance(value, Tensor):
                yield str(name), value
