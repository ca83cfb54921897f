"""The tensors of a model file by name, read one at a time when they are asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from models.checkpoints.errors import CheckpointError
from models.checkpoints.header import read_header
from models.checkpoints.pickles import is_pickle, read_pickle

GIT_LFS_POINTER = b"version https://git-lfs"
INDEX_SUFFIX = ".index.json"  # of the list of parts that a large model is split into


@dataclass(frozen=True)
class Weights:
    """Names, shapes and a way to read each tensor. Tensors of safetensors files are views of the mapped file."""

    path: Path
    shapes: Mapping[str, tuple[int, ...]]
    metadata: Mapping[str, str]
    tensor: Callable[[str], torch.Tensor]

    def asking(self, ask: Callable[[], None]) -> Weights:
        """The same tensors; `ask` is called before each is read, and may raise to stop."""
        read = self.tensor

        def tensor(name: str) -> torch.Tensor:
            ask()
            return read(name)

        return replace(self, tensor=tensor)

    def under(self, prefix: str) -> Weights:
        """The tensors whose names begin with `prefix`, by the rest of their names."""
        return self.renamed({name.removeprefix(prefix): name for name in self.shapes if name.startswith(prefix)})

    def renamed(self, names: Mapping[str, str]) -> Weights:
        """The tensors `names.values()`, called `names.keys()`."""
        read = self.tensor
        return replace(
            self,
            shapes={new: self.shapes[old] for new, old in names.items()},
            tensor=lambda name: read(names[name]),
        )


def open_weights(path: Path) -> Weights:
    """Open a model file, or the index of one that is split, whatever its name's suffix; nothing is read yet but names.

    Raises:
        CheckpointError: if it is missing, damaged, hostile or of a format that holds no weights.
    """
    if path.is_dir():
        raise CheckpointError(f"{path.name} is a folder; a model file is needed here. Choose a file inside it.")
    if not path.is_file():
        raise CheckpointError(f"{path.name} does not exist. Choose a file that the list of models shows.")
    if path.name.endswith(INDEX_SUFFIX):
        return _open_parts(path)
    with path.open("rb") as file:
        start = file.read(64)
    if not start:
        raise CheckpointError(f"{path.name} is empty. Download it again.")
    if start.startswith(GIT_LFS_POINTER):
        raise CheckpointError(
            f"{path.name} is a git-lfs pointer, not the model itself. Run `git lfs pull`, or download it from its page."
        )
    if start.startswith(b"GGUF"):
        raise CheckpointError(f"{path.name} is a GGUF file, which Weft does not read. Use the safetensors version.")
    if start.lstrip().lower().startswith((b"<!doctype", b"<html")):
        raise CheckpointError(f"{path.name} is a web page, not a model: the download went wrong. Download it again.")
    if is_pickle(start):
        tensors = read_pickle(path)
        shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
        return Weights(path, shapes, {}, tensors.__getitem__)
    return _open_safetensors(path)


def _open_safetensors(path: Path) -> Weights:
    header = read_header(path)
    try:
        tensors = safe_open(path, framework="pt", device="cpu")
    except SafetensorError as error:
        raise CheckpointError(f"{path.name} cannot be read ({error}). Download it again.") from error
    shapes = {name: entry.shape for name, entry in header.entries.items()}
    return Weights(path, shapes, header.metadata, tensors.get_tensor)


def _open_parts(index: Path) -> Weights:
    """A model split into parts, as its index lists them: `{"weight_map": {tensor name: file name}}`."""
    try:
        places = json.loads(index.read_text("utf-8"))["weight_map"]
        names = sorted(set(places.values()))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"{index.name} is no list of a model's parts. Download it again.") from error
    if any(not isinstance(name, str) or Path(name).name != name for name in names):
        raise CheckpointError(f"{index.name} names parts outside its own folder. Get the model from another source.")
    return merge(index, [open_weights(index.with_name(name)) for name in names])


def merge(path: Path, parts: Iterable[Weights]) -> Weights:
    """The tensors of several files as if they were one; of equal names the first counts."""
    parts = list(parts)
    owner: dict[str, Weights] = {}
    metadata: dict[str, str] = {}
    for part in parts:
        metadata = {**part.metadata, **metadata}
        for name in part.shapes:
            owner.setdefault(name, part)
    shapes = {name: part.shapes[name] for name, part in owner.items()}
    return Weights(path, shapes, metadata, lambda name: owner[name].tensor(name))
