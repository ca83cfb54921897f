"""Transformers as OpenCLIP names and fuses their tensors, of texts and of pictures alike, under `transformers`' names.

OpenCLIP keeps the rows of queries, keys and values in one tensor, and projections transposed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from torch import Tensor

from models.checkpoints.weights import Weights
from models.numbered_names import count_numbered

BLOCK = "transformer.resblocks.{}"

# OpenCLIP name -> transformers name, below a block and below a layer
BLOCK_MODULES: Mapping[str, str] = {
    "ln_1": "layer_norm1",
    "ln_2": "layer_norm2",
    "attn.out_proj": "self_attn.out_proj",
    "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
}
FUSED = "attn.in_proj_{}"  # weight [3 C, C] or bias [3 C]: the rows of queries, keys and values, in this order
SEPARATE = ("self_attn.q_proj.{}", "self_attn.k_proj.{}", "self_attn.v_proj.{}")


class Source(NamedTuple):
    """Where a tensor with a name of `transformers` comes from."""

    name: str
    third: int | None = None  # of the rows
    transpose: bool = False


def drawn_from(weights: Weights, sources: Iterable[tuple[str, Source]]) -> Weights:
    """The tensors by the names that `sources` give them; those whose source is not there are left out."""
    table = {new: source for new, source in sources if source.name in weights.shapes}
    read = weights.tensor

    def tensor(name: str) -> Tensor:
        source = table[name]
        value = read(source.name)
        if source.third is not None:
            value = value.chunk(len(SEPARATE))[source.third]
        return value.T if source.transpose else value

    shapes = {name: _shape(source, weights.shapes[source.name]) for name, source in table.items()}
    return replace(weights, shapes=shapes, tensor=tensor)


def layer_sources(weights: Weights, layers: str) -> Iterator[tuple[str, Source]]:
    """The sources of all layers' tensors, whose names begin with `layers` and a number."""
    for number in range(count_numbered(weights.shapes, f"{BLOCK}.ln_1.weight")):
        theirs, ours = BLOCK.format(number), f"{layers}.{number}"
        for kind in ("weight", "bias"):
            for old, new in BLOCK_MODULES.items():
                yield f"{ours}.{new}.{kind}", Source(f"{theirs}.{old}.{kind}")
            for third, name in enumerate(SEPARATE):
                yield f"{ours}.{name.format(kind)}", Source(f"{theirs}.{FUSED.format(kind)}", third)


def _shape(source: Source, shape: tuple[int, ...]) -> tuple[int, ...]:
    if source.third is not None and shape and shape[0] % len(SEPARATE) == 0:
        shape = (shape[0] // len(SEPARATE), *shape[1:])
    return shape[::-1] if source.transpose else shape
