"""Files of CLIP image encoders, under the names of `transformers`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from models.checkpoints.assemble import build_module
from models.checkpoints.errors import CheckpointError
from models.checkpoints.foreign import refusal
from models.checkpoints.weights import Weights, open_weights
from models.vision.clip_network import VisionNetwork, vision_config

OPEN_CLIP_MARK = "transformer.resblocks.0.attn.in_proj_weight"
OPEN_CLIP_PREFIXES = ("visual.", "embedder.model.visual.", "")
TRANSFORMERS_MARK = "vision_model.embeddings.patch_embedding.weight"
TRANSFORMERS_PREFIXES = ("", "embedder.", "id_encoder.")
OTHERWISE = "Choose a CLIP image encoder, such as clip_vision_g.safetensors for Revision."

# OpenCLIP name -> transformers name
ENDS: Mapping[str, str] = {
    "class_embedding": "vision_model.embeddings.class_embedding",
    "conv1.weight": "vision_model.embeddings.patch_embedding.weight",
    "positional_embedding": "vision_model.embeddings.position_embedding.weight",
    "ln_pre.weight": "vision_model.pre_layrnorm.weight",
    "ln_pre.bias": "vision_model.pre_layrnorm.bias",
    "ln_post.weight": "vision_model.post_layernorm.weight",
    "ln_post.bias": "vision_model.post_layernorm.bias",
}
BLOCK: Mapping[str, str] = {
    "ln_1": "layer_norm1",
    "ln_2": "layer_norm2",
    "attn.out_proj": "self_attn.out_proj",
    "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
}
QKV = ("q_proj", "k_proj", "v_proj")  # the thirds of the fused rows


class _Source(NamedTuple):
    name: str
    third: int | None = None
    transpose: bool = False


def read_clip_vision(path: Path, dtype: torch.dtype) -> VisionNetwork:
    """The image encoder of a file: one of its own, or that of an unCLIP checkpoint.

    Raises:
        CheckpointError: if it is damaged or of another kind.
    """
    weights = open_weights(path)
    found = find_clip_vision(weights)
    if found is None:
        raise CheckpointError(refusal(path.name, weights.shapes.keys(), "CLIP image encoder", OTHERWISE))
    return build_clip_vision(found, dtype)


def build_clip_vision(weights: Weights, dtype: torch.dtype) -> VisionNetwork:
    """The network of tensors under the names of `transformers`; errors as `read_clip_vision`."""

    def make() -> VisionNetwork:
        return VisionNetwork(vision_config(weights.shapes, weights.metadata))

    network = build_module(make, weights, dtype, "the image encoder")
    network.place_positions()
    return network


def find_clip_vision(weights: Weights) -> Weights | None:
    """The image encoder's tensors under the names of `transformers`, from any layout; None if there is none."""
    for prefix in TRANSFORMERS_PREFIXES:
        if prefix + TRANSFORMERS_MARK in weights.shapes:
            return weights.under(prefix)
    for prefix in OPEN_CLIP_PREFIXES:
        if prefix + OPEN_CLIP_MARK in weights.shapes and f"{prefix}conv1.weight" in weights.shapes:
            return _from_open_clip(weights.under(prefix))
    return None


def _from_open_clip(weights: Weights) -> Weights:
    table = {new: source for new, source in _sources(weights) if source.name in weights.shapes}
    read = weights.tensor

    def tensor(name: str) -> Tensor:
        source = table[name]
        value = read(source.name)
        if source.third is not None:
            value = value.chunk(len(QKV))[source.third]
        return value.T if source.transpose else value

    shapes = {name: _shape(source, weights.shapes[source.name]) for name, source in table.items()}
    return replace(weights, shapes=shapes, tensor=tensor)


def _sources(weights: Weights) -> Iterator[tuple[str, _Source]]:
    for old, new in ENDS.items():
        yield new, _Source(old)
    yield "visual_projection.weight", _Source("proj", transpose=True)
    layer = 0
    while f"transformer.resblocks.{layer}.ln_1.weight" in weights.shapes:
        theirs, ours = f"transformer.resblocks.{layer}", f"vision_model.encoder.layers.{layer}"
        for kind in ("weight", "bias"):
            for old, new in BLOCK.items():
                yield f"{ours}.{new}.{kind}", _Source(f"{theirs}.{old}.{kind}")
            for third, name in enumerate(QKV):
                yield f"{ours}.self_attn.{name}.{kind}", _Source(f"{theirs}.attn.in_proj_{kind}", third)
        layer += 1


def _shape(source: _Source, shape: tuple[int, ...]) -> tuple[int, ...]:
    if source.third is not None and shape and shape[0] % len(QKV) == 0:
        shape = (shape[0] // len(QKV), *shape[1:])
    return shape[::-1] if source.transpose else shape
