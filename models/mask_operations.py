"""Combining masks point by point."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal

import torch

from models.compositing import fit_batch

MaskOperation = Literal["multiply", "add", "subtract", "and", "or", "xor"]
Combining = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

OPERATIONS: Mapping[MaskOperation, Combining] = MappingProxyType(
    {
        "multiply": torch.mul,
        "add": torch.add,
        "subtract": torch.sub,
        "and": lambda a, b: (_on(a) & _on(b)).float(),
        "or": lambda a, b: (_on(a) | _on(b)).float(),
        "xor": lambda a, b: (_on(a) ^ _on(b)).float(),
    }
)


def combine(destination: torch.Tensor, source: torch.Tensor, x: int, y: int, operation: MaskOperation) -> torch.Tensor:
    """`destination` [B, H, W] changed by `source` [b, h, w], whose corner is at (x, y); 0..1 again afterwards.

    Of the source as many masks are used as there are destinations, from its start again if they are fewer.
    """
    result = destination.clone()
    height, width = result.shape[-2:]
    patch = fit_batch(source.to(result), result.shape[0])[..., : max(0, height - y), : max(0, width - x)]
    rows, columns = slice(y, y + patch.shape[-2]), slice(x, x + patch.shape[-1])
    result[..., rows, columns] = OPERATIONS[operation](result[..., rows, columns], patch)
    return result.clamp(0, 1)


def _on(mask: torch.Tensor) -> torch.Tensor:
    return mask.round().bool()
