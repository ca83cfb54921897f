"""What travels on wires between nodes, and the numbers that many nodes take.

The values keep the ecosystem's conventions, because other people's nodes touch them.
"""

from typing import Annotated, Any, NotRequired, TypedDict

import torch

from execution.fields import Range, Socket
from models import types as handles
from models.sdxl.text import Clip as ClipHandle

MAX_SIDE = 16384
"""The longest side of a picture, in pixels, that any node takes."""


class LatentValue(TypedDict):
    """A batch of latents."""

    samples: torch.Tensor  # [B, 4, H/8, W/8], divided by the model's latent scale
    noise_mask: NotRequired[torch.Tensor]  # [b, 1, h, w], 0 keep .. 1 change; any size, resized when sampling
    batch_index: NotRequired[list[int]]  # whose noise each latent gets: its place in an imagined larger batch
    seed_offsets: NotRequired[list[int]]  # what is added to a sampler's seed for each, which then is as if made alone


ConditioningValue = list[list[Any]]
"""Prompts, each a list [token states [1, 77 n, C], options by name: pooled_output, width, area, mask, ...]."""

Image = Annotated[torch.Tensor, Socket("IMAGE")]  # float32 [B, H, W, C], 0..1
Mask = Annotated[torch.Tensor, Socket("MASK")]  # float32 [B, H, W], 0..1
Latent = Annotated[LatentValue, Socket("LATENT")]
Conditioning = Annotated[ConditioningValue, Socket("CONDITIONING")]
Model = Annotated[handles.Model, Socket("MODEL")]
Clip = Annotated[ClipHandle, Socket("CLIP")]
Vae = Annotated[handles.Vae, Socket("VAE")]

Position = Annotated[int, Range(0, MAX_SIDE, step=1)]
Side = Annotated[int, Range(1, MAX_SIDE, step=1)]
Aligned = Annotated[int, Range(0, MAX_SIDE, step=8)]
Colour = Annotated[int, Range(0, 0xFFFFFF, step=1)]
Strength = Annotated[float, Range(0, 10, step=0.01)]
Fraction = Annotated[float, Range(0, 1, step=0.01)]
BatchCount = Annotated[int, Range(1, 4096)]
