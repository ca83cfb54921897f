"""Files of CLIP image encoders, under the names of `transformers`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import torch

from models.checkpoints.assemble import build_module
from models.checkpoints.errors import CheckpointError
from models.checkpoints.foreign import refusal
from models.checkpoints.open_clip import Source, drawn_from, layer_sources
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
            found = weights.under(prefix)
            return drawn_from(found, _from_open_clip(found))
    return None


def _from_open_clip(weights: Weights) -> Iterator[tuple[str, Source]]:
    for old, new in ENDS.items():
        yield new, Source(old)
    yield "visual_projection.weight", Source("proj", transpose=True)
    yield from layer_sources(weights, "vision_model.encoder.layers")
