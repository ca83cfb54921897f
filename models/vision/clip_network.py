"""A CLIP image encoder: a `transformers` model whose sizes are read off a file's tensors.

Radford et al. 2021 (CLIP), Ilharco et al. 2021 (OpenCLIP); the Vision Transformer of Dosovitskiy et al. 2020.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from models.numbered_names import count_numbered
from models.sdxl.text_config import Activation
from models.sdxl.text_encoder import import_vision

Shapes = Mapping[str, tuple[int, ...]]

HEADS = 16  # of ViT-L/14, ViT-H/14 and ViT-bigG/14 alike; leaves no trace in the shapes
SMALL_WIDTH, SMALL_HEAD = 768, 64  # ViT-B and narrower have heads of this width
OPENAI_WIDTH = 1024  # at most this wide are OpenAI's own, which approximate GELU; wider ones are OpenCLIP's


@dataclass(frozen=True)
class VisionConfig:
    """One image encoder."""

    width: int
    layers: int
    heads: int
    mlp_width: int
    projection: int  # width of the picture's embedding
    patch: int  # pixels of a patch's side
    side: int  # pixels of the picture's side
    activation: Activation


def vision_config(shapes: Shapes, metadata: Mapping[str, str]) -> VisionConfig:
    """The sizes of an encoder whose tensors bear the names of `transformers`.

    Of `metadata`, `weft.clip_vision.heads` and `weft.clip_vision.activation` are heeded, which official files have no
    need of.

    Raises:
        ValueError: in a sentence, when the shapes are those of something else.
    """
    try:
        width, channels, patch, _ = shapes["vision_model.embeddings.patch_embedding.weight"]
        positions, _ = shapes["vision_model.embeddings.position_embedding.weight"]
        mlp_width, _ = shapes["vision_model.encoder.layers.0.mlp.fc1.weight"]
        projection, _ = shapes["visual_projection.weight"]
    except (KeyError, ValueError):
        raise ValueError("Choose a CLIP image encoder: ViT-L/14, ViT-H/14 or ViT-bigG/14.") from None
    across = math.isqrt(positions - 1)
    if channels != 3 or across * across != positions - 1:
        raise ValueError(f"It reads {positions - 1} patches of {channels} channels, which make no square RGB picture.")
    layers = count_numbered(shapes, "vision_model.encoder.layers.{}.mlp.fc1.weight")
    told = metadata.get("weft.clip_vision.heads", "")
    usual = HEADS if width > SMALL_WIDTH else max(1, width // SMALL_HEAD)
    heads = int(told) if told.isascii() and told.isdigit() and 0 < len(told) < 6 else usual
    if not heads or width % heads:
        raise ValueError(f"An image encoder of width {width} cannot have {heads} attention heads.")
    quick = metadata.get("weft.clip_vision.activation", "quick_gelu" if width <= OPENAI_WIDTH else "gelu")
    activation: Activation = "quick_gelu" if quick == "quick_gelu" else "gelu"
    return VisionConfig(width, layers, heads, mlp_width, projection, patch, across * patch, activation)


class Seen(NamedTuple):
    """What an encoder says of B pictures."""

    embeds: Tensor  # [B, projection]
    pooled: Tensor  # [B, width], before the projection
    last: Tensor  # [B, 1 + patches, width], after the last layer, not normalised
    penultimate: Tensor  # the same after the layer before the last


class VisionNetwork(nn.Module):
    """An image encoder with its projection."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.config = config
        configuration, model = import_vision()
        settings = configuration(
            hidden_size=config.width,
            intermediate_size=config.mlp_width,
            projection_dim=config.projection,
            num_hidden_layers=config.layers,
            num_attention_heads=config.heads,
            image_size=config.side,
            patch_size=config.patch,
            hidden_act=config.activation,
        )
        inner = model(settings)
        self.vision_model: nn.Module = inner.vision_model
        self.visual_projection: nn.Module = inner.visual_projection

    def place_positions(self) -> None:
        """Number the positions afresh: not stored in files, so a module made on the meta device lacks them."""
        embeddings: Any = self.vision_model.embeddings
        count = (self.config.side // self.config.patch) ** 2 + 1
        embeddings.position_ids = torch.arange(count).expand(1, -1)

    def forward(self, pixels: Tensor) -> Seen:
        """Look at pixels [B, 3, side, side], normalised as `models.vision.pixels` does."""
        output = self.vision_model(pixel_values=pixels, output_hidden_states=True)
        pooled = output.pooler_output
        return Seen(self.visual_projection(pooled), pooled, output.last_hidden_state, output.hidden_states[-2])
