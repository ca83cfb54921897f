"""Sizes of a CLIP text encoder, and how each family of checkpoints uses its own.

Radford et al. 2021 (CLIP), Ilharco et al. 2021 (OpenCLIP), Podell et al., "SDXL" (arXiv 2307.01952), section 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from models.numbered_names import count_numbered
from models.sdxl.tokenizer import END_ID

Shapes = Mapping[str, tuple[int, ...]]
Activation = Literal["quick_gelu", "gelu"]


@dataclass(frozen=True)
class TextConfig:
    """One text transformer, as read off a file."""

    width: int
    layers: int
    heads: int
    mlp_width: int
    activation: Activation  # OpenAI's CLIP approximates GELU by x * sigmoid(1.702 x); OpenCLIP does not
    projection: int | None  # width of the pooled output; None: not projected
    vocabulary: int = 49408
    positions: int = 77


@dataclass(frozen=True)
class TextRole:
    """What a checkpoint's family does with one of its encoders."""

    name: str  # "l", "g" or "h": the key of its tokens
    pad: int  # token that fills a chunk after the end token
    layer: int | None  # hidden state that conditions the UNet: -1 the last layer's, -2 the one before; None: see below
    normalise: bool  # whether the final layer norm is applied to that hidden state
    # layer None is the last layer's state with the final norm; so is a layer that the encoder is not deep enough for


SDXL_L = TextRole("l", pad=END_ID, layer=-2, normalise=False)
SDXL_G = TextRole("g", pad=0, layer=-2, normalise=False)
SD1_L = TextRole("l", pad=END_ID, layer=None, normalise=True)
SD2_H = TextRole("h", pad=0, layer=-2, normalise=True)

HEAD_WIDTH = 64  # of every official encoder; leaves no trace in the shapes


def text_config(shapes: Shapes, activation: Activation, heads: int | None = None) -> TextConfig:
    """The configuration of an encoder whose tensors bear the names of `transformers`, without `text_model.`.

    Raises:
        ValueError: in a sentence, when the shapes are those of something else.
    """
    try:
        vocabulary, width = shapes["embeddings.token_embedding.weight"]
        positions, _ = shapes["embeddings.position_embedding.weight"]
        mlp_width, _ = shapes["encoder.layers.0.mlp.fc1.weight"]
        projection = shapes["text_projection.weight"][0] if "text_projection.weight" in shapes else None
    except (KeyError, ValueError, IndexError):
        raise ValueError(
            "This is no CLIP text encoder. Choose one that goes with Stable Diffusion XL, 1.x or 2.x."
        ) from None
    layers = count_numbered(shapes, "encoder.layers.{}.mlp.fc1.weight")
    count = heads or max(1, width // HEAD_WIDTH)
    if width % count:
        raise ValueError(f"A text encoder of width {width} cannot have {count} attention heads. The file is damaged.")
    if vocabulary <= END_ID or positions != 77:
        raise ValueError(
            f"This text encoder knows {vocabulary} tokens and {positions} positions; CLIP has 49408 and 77. "
            "Choose one that goes with Stable Diffusion XL, 1.x or 2.x."
        )
    return TextConfig(width, layers, count, mlp_width, activation, projection, vocabulary, positions)
