"""Trained modules become the tensors of an official single file: names, shapes and float16."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from models.training.text_encoders import VOCABULARY, TextEncoders

UNET = "model.diffusion_model."
VAE = "first_stage_model."
CLIP_L = "conditioner.embedders.0.transformer.text_model."
_OPEN_CLIP = "conditioner.embedders.{}.model."

# a transformers layer's parts -> an OpenCLIP block's; q, k and v are joined apart
_BLOCK_PARTS = {
    "layer_norm1": "ln_1",
    "self_attn.out_proj": "attn.out_proj",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
}


def prefixed(module: nn.Module, prefix: str) -> dict[str, Tensor]:
    """The state of `module` with `prefix` before each name."""
    return {prefix + name: tensor for name, tensor in module.state_dict().items()}


def _full_table(encoders: TextEncoders, short: Tensor) -> Tensor:
    """The 49,408 token rows: trained rows at the ids of their tokens, zeros elsewhere."""
    assert len(encoders.rows) == VOCABULARY
    return short[encoders.rows]


def _text_state(model: nn.Module) -> dict[str, Tensor]:
    """The state of a text model, named from `embeddings`, `encoder` and `final_layer_norm` on."""
    return {name.removeprefix("text_model."): tensor for name, tensor in model.state_dict().items()}


def clip_l_tensors(encoders: TextEncoders) -> dict[str, Tensor]:
    """The first encoder, in the layout of transformers, as SDXL's files have it."""
    state = _text_state(encoders.clip_l)
    state["embeddings.token_embedding.weight"] = _full_table(encoders, state["embeddings.token_embedding.weight"])
    state.pop("embeddings.position_ids", None)
    return {CLIP_L + name: tensor for name, tensor in state.items()}


def _block(state: Mapping[str, Tensor], layer: str) -> dict[str, Tensor]:
    """One transformers layer as an OpenCLIP block, whose q, k and v are one matrix."""
    tensors = {}
    for kind in ("weight", "bias"):
        rows = [state[f"{layer}.self_attn.{part}_proj.{kind}"] for part in "qkv"]
        tensors[f"attn.in_proj_{kind}"] = torch.cat(rows)
        for ours, theirs in _BLOCK_PARTS.items():
            tensors[f"{theirs}.{kind}"] = state[f"{layer}.{ours}.{kind}"]
    return tensors


def clip_g_tensors(encoders: TextEncoders, embedder: int) -> dict[str, Tensor]:
    """The second encoder in OpenCLIP's layout; it is embedder 1 of the base and 0 of the refiner."""
    state = _text_state(encoders.clip_g)
    tensors = {
        "token_embedding.weight": _full_table(encoders, state["embeddings.token_embedding.weight"]),
        "positional_embedding": state["embeddings.position_embedding.weight"],
        "ln_final.weight": state["final_layer_norm.weight"],
        "ln_final.bias": state["final_layer_norm.bias"],
        "text_projection": encoders.projection.weight.T,  # OpenCLIP multiplies from the right
        "logit_scale": torch.tensor(4.6055),  # unused here; official files hold it
    }
    layers = sorted({int(found[1]) for name in state if (found := re.match(r"encoder\.layers\.(\d+)\.", name))})
    for layer in layers:
        for name, tensor in _block(state, f"encoder.layers.{layer}").items():
            tensors[f"transformer.resblocks.{layer}.{name}"] = tensor
    return {_OPEN_CLIP.format(embedder) + name: tensor for name, tensor in tensors.items()}
