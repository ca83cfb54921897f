"""The label vectors of SDXL's base and refiner (Podell et al., section 2.2)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from models.sdxl.unet import timestep_embedding
from models.training.scenes import Framing

_WIDTH = 256  # of each number's sinusoids


def _vector(pooled: Tensor, numbers: Sequence[Sequence[float]]) -> Tensor:
    table = torch.tensor(numbers, dtype=torch.float32)  # [B, n]
    return torch.cat([pooled, timestep_embedding(table.flatten(), _WIDTH).view(len(table), -1)], dim=1)


def base_vector(pooled: Tensor, framings: Sequence[Framing]) -> Tensor:
    """Pooled text `[B, p]`, then original height and width, crop top and left, target height and width."""
    return _vector(pooled, [(*framing.original, *framing.crop, *framing.target) for framing in framings])


def refiner_vector(pooled: Tensor, framings: Sequence[Framing], scores: Sequence[float]) -> Tensor:
    """Pooled text `[B, p]`, then original height and width, crop top and left, aesthetic score."""
    rows = [(*framing.original, *framing.crop, score) for framing, score in zip(framings, scores, strict=True)]
    return _vector(pooled, rows)
