"""How LoRA files name what they change: tables of beginnings and ends, and every name of each of a model's layers.

A tensor's name is a part of the model (`lora_unet_`, `text_encoder_2.`), a layer, and which factor it is
(`.lora_up.weight`). Layers are named as in official single files or as in diffusers; with dots, or with underscores
in their place, which cannot be turned back: so names are looked up, never taken apart.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal, NamedTuple

from torch import nn

from models.checkpoints.diffusers_keys import rename, unet_table
from models.sdxl.config import UNetConfig
from models.sdxl.text_encoder import TextEncoder

Part = Literal["unet", "text", "text l", "text g"]
"""What of a model a LoRA changes: the denoising network, its only text encoder, or one of two."""

BEGINNINGS: tuple[tuple[str, Part], ...] = (
    ("lora_unet_", "unet"),
    ("lora_te1_", "text l"),
    ("lora_te2_", "text g"),
    ("lora_te_", "text"),
    ("base_model.model.text_model.", "text"),
    ("base_model.model.", "unet"),
    ("model.diffusion_model.", "unet"),
    ("diffusion_model.", "unet"),
    ("unet.", "unet"),
    ("text_encoder_2.", "text g"),
    ("text_encoder.", "text"),
    ("text_encoders.clip_l.transformer.", "text l"),
    ("text_encoders.clip_g.transformer.", "text g"),
    ("text_encoders.clip_h.transformer.", "text"),
    ("conditioner.embedders.0.transformer.", "text l"),
    ("text_model.", "text"),
    ("", "unet"),
)
"""Beginnings of tensors' names; the first that fits counts."""

ENDS: tuple[tuple[str, str], ...] = (
    (".lora_up.weight", "up"),
    (".lora_down.weight", "down"),
    (".lora_mid.weight", "middle"),
    (".lora_B.weight", "up"),
    (".lora_A.weight", "down"),
    (".lora_B.default.weight", "up"),
    (".lora_A.default.weight", "down"),
    (".lora.up.weight", "up"),
    (".lora.down.weight", "down"),
    (".lora_linear_layer.up.weight", "up"),
    (".lora_linear_layer.down.weight", "down"),
    ("_lora.up.weight", "up"),
    ("_lora.down.weight", "down"),
    (".alpha", "alpha"),
    (".dora_scale", "lengths"),
    (".lora_magnitude_vector", "rows"),
    (".lora_magnitude_vector.weight", "rows"),
    (".lora_magnitude_vector.default.weight", "rows"),
    (".diff", "diff"),
    (".diff_b", "diff_b"),
    *((f".{name}", name) for name in ("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "hada_t1", "hada_t2")),
    *((f".{name}", name) for name in ("lokr_w1", "lokr_w1_a", "lokr_w1_b")),
    *((f".{name}", name) for name in ("lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t2")),
)
"""Ends of tensors' names, and which factor each means; `lengths` and `rows` are DoRA's."""


class Place(NamedTuple):
    """Where a tensor belongs."""

    part: Part
    layer: str  # with underscores for dots


def place(name: str) -> tuple[Place, str] | None:
    """The layer and the factor that a tensor's name means, or None for a name of another kind."""
    found = next(((name.removesuffix(end), factor) for end, factor in ENDS if name.endswith(end)), None)
    if found is None:
        return None
    stem, factor = found
    beginning, part = next(one for one in BEGINNINGS if stem.startswith(one[0]))
    # "processor": diffusers once kept factors in what computes attention instead of in its layers
    layer = stem.removeprefix(beginning).replace(".processor.", ".").replace(".", "_")
    return Place(part, layer), factor


def unet_layers(network: nn.Module, config: UNetConfig) -> dict[str, str]:
    """Every name that files give to each layer -> the layer's own name."""
    own = _with_weights(network)
    attention = [level for level, depth in enumerate(config.transformer_depth) if depth]
    table = unet_table(len(config.channel_mult), config.num_res_blocks, attention)
    return _underscored([*((name, name) for name in own), *rename(table, own).items()])


def text_layers(encoder: TextEncoder) -> dict[str, str]:
    """The same for a text encoder, whose layers files name as `transformers` does."""
    core = next(f"{name}." for name, child in encoder.named_modules() if child is encoder.core)
    own = _with_weights(encoder)
    short = [(name.removeprefix(core), name) for name in own]
    return _underscored([*short, *((f"text_model.{name}", layer) for name, layer in short)])


def official_name(layer: str, known: Collection[str]) -> str:
    """A layer's name with underscores as it is in `known`; old files leave the number out of `to_out.0`."""
    if layer not in known and layer.endswith("to_out"):
        return f"{layer}_0"
    return layer


def _with_weights(network: nn.Module) -> list[str]:
    return [name for name, layer in network.named_modules() if getattr(layer, "weight", None) is not None]


def _underscored(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name.replace(".", "_"): layer for name, layer in pairs}
