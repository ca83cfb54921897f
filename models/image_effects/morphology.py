"""Mathematical morphology of grey values (Serra, "Image Analysis and Mathematical Morphology", 1982).

The neighbourhood is a square of `size` pixels. One with an even side reaches a pixel further up and to the left when
eroding, down and to the right when dilating, so that opening and closing shift nothing. What lies beyond the border
does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Operation = Literal["erode", "dilate", "open", "close", "gradient", "bottom_hat", "top_hat"]


def apply(pictures: Tensor, operation: Operation, size: int) -> Tensor:
    """`pictures` [B, C, H, W], each channel by itself."""
    return OPERATIONS[operation](pictures, size)


def dilate(pictures: Tensor, size: int) -> Tensor:
    """The greatest value of each neighbourhood: bright parts grow."""
    return _greatest(pictures, size, (size - 1) // 2)


def erode(pictures: Tensor, size: int) -> Tensor:
    """The smallest value of each neighbourhood: dark parts grow."""
    return -_greatest(-pictures, size, size // 2)


def opened(pictures: Tensor, size: int) -> Tensor:
    """Without bright parts smaller than the neighbourhood."""
    return dilate(erode(pictures, size), size)


def closed(pictures: Tensor, size: int) -> Tensor:
    """Without dark parts smaller than the neighbourhood."""
    return erode(dilate(pictures, size), size)


OPERATIONS: Mapping[Operation, Callable[[Tensor, int], Tensor]] = {
    "erode": erode,
    "dilate": dilate,
    "open": opened,
    "close": closed,
    "gradient": lambda pictures, size: dilate(pictures, size) - erode(pictures, size),
    "bottom_hat": lambda pictures, size: closed(pictures, size) - pictures,
    "top_hat": lambda pictures, size: pictures - opened(pictures, size),
}


def _greatest(pictures: Tensor, size: int, before: int) -> Tensor:
    """The greatest value in a square that begins `before` pixels above and to the left of each."""
    return _greatest_along_last(_greatest_along_last(pictures, size, before).mT, size, before).mT


def _greatest_along_last(x: Tensor, size: int, before: int) -> Tensor:
    """The greatest of each `size` neighbours along the last side, in a number of steps that grows with log2(size)."""
    x = F.pad(x, (before, size - before - 1), value=-torch.inf)
    reach = 1  # entries that each one stands for by now
    while 2 * reach <= size:
        x = torch.maximum(x[..., :-reach], x[..., reach:])
        reach *= 2
    rest = size - reach
    return torch.maximum(x[..., : x.shape[-1] - rest], x[..., rest:]) if rest else x
