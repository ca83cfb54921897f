"""How text encoders are named in files: the names of `transformers` are ours; those of OpenCLIP go through a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from torch import Tensor

from models.checkpoints.weights import Weights

# OpenCLIP name -> transformers name; those of a block stand below transformer.resblocks.N and encoder.layers.N
ENDS: Mapping[str, str] = {
    "token_embedding.weight": "embeddings.token_embedding.weight",
    "positional_embedding": "embeddings.position_embedding.weight",
    "ln_final.weight": "final_layer_norm.weight",
    "ln_final.bias": "final_layer_norm.bias",
}
BLOCK_MODULES: Mapping[str, str] = {
    "ln_1": "layer_norm1",
    "ln_2": "layer_norm2",
    "attn.out_proj": "self_attn.out_proj",
    "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
}
FUSED = "attn.in_proj_{}"  # weight [3 C, C] or bias [3 C]: the rows of queries, keys and values, in this order
SEPARATE = ("self_attn.q_proj.{}", "self_attn.k_proj.{}", "self_attn.v_proj.{}")
PROJECTION = "text_projection"  # [C, P] here, `text_projection.weight` [P, C] there


class _Source(NamedTuple):
    """Where a tensor with a name of `transformers` comes from."""

    name: str
    third: int | None = None  # of the rows
    transpose: bool = False


def from_open_clip(weights: Weights) -> Weights:
    """The tensors of an OpenCLIP text transformer under the names that `transformers` gives them."""
    table = {new: source for new, source in _sources(weights) if source.name in weights.shapes}
    read = weights.tensor

    def tensor(name: str) -> Tensor:
        source = table[name]
        value = read(source.name)
        if source.third is not None:
            value = value.chunk(3)[source.third]
        return value.T if source.transpose else value

    shapes = {name: _shape(source, weights.shapes[source.name]) for name, source in table.items()}
    return replace(weights, shapes=shapes, tensor=tensor)


def _sources(weights: Weights) -> Iterator[tuple[str, _Source]]:
    for old, new in ENDS.items():
        yield new, _Source(old)
    layer = 0
    while f"transformer.resblocks.{layer}.ln_1.weight" in weights.shapes:
        theirs, ours = f"transformer.resblocks.{layer}", f"encoder.layers.{layer}"
        for kind in ("weight", "bias"):
            for old, new in BLOCK_MODULES.items():
                yield f"{ours}.{new}.{kind}", _Source(f"{theirs}.{old}.{kind}")
            for third, name in enumerate(SEPARATE):
                yield f"{ours}.{name.format(kind)}", _Source(f"{theirs}.{FUSED.format(kind)}", third)
        layer += 1
    yield "text_projection.weight", _Source("text_projection.weight")
    yield "text_projection.weight", _Source(PROJECTION, transpose=True)


def _shape(source: _Source, shape: tuple[int, ...]) -> tuple[int, ...]:
    if source.third is not None and shape and shape[0] % 3 == 0:
        shape = (shape[0] // 3, *shape[1:])
    return shape[::-1] if source.transpose else shape


def from_transformers(weights: Weights) -> Weights:
    """The tensors of a text encoder saved by `transformers`, without the module `text_model` around the layers."""
    inner = weights.under("text_model.")
    if not inner.shapes:
        return weights
    outer = [name for name in weights.shapes if name == "text_projection.weight"]
    names = {name: f"text_model.{name}" for name in inner.shapes} | {name: name for name in outer}
    return weights.renamed(names)
