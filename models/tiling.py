"""Working through a picture in overlapping tiles, for networks whose memory grows with its area."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor


def tiled(
    apply: Callable[[Tensor], Tensor],
    x: Tensor,
    *,
    tile: int,
    overlap: int,
    up: int = 1,
    down: int = 1,
    cut_last: bool = False,
) -> Tensor:
    """`apply(x)` put together from tiles, blended where they overlap.

    `x` [B, C, h, w]; `apply` makes the sides `up` times larger and `down` times smaller. `tile` and `overlap` are in
    units of x and divisible by `down`. The last tile of a row is moved back so that it is whole; `cut_last` leaves it
    where it is and makes it smaller, which saves work. The result is exact up to what `apply` sees beyond a tile's
    border.

    Raises:
        ValueError: if the overlap is not smaller than the tile.
    """
    if not 0 <= overlap < tile:
        raise ValueError(f"Tiles of {tile} cannot overlap by {overlap}: the overlap must be smaller than the tile.")
    height, width = x.shape[-2:]
    total: Tensor | None = None
    weight = torch.zeros(1, 1, height * up // down, width * up // down)
    for top, bottom in _spans(height, tile, overlap, cut_last):
        for left, right in _spans(width, tile, overlap, cut_last):
            part = apply(x[..., top:bottom, left:right])
            rows = slice(top * up // down, bottom * up // down)
            columns = slice(left * up // down, right * up // down)
            fade = overlap * up // down
            mask = _ramp(rows, weight.shape[-2], fade)[:, None] * _ramp(columns, weight.shape[-1], fade)
            if total is None:
                total = torch.zeros(*part.shape[:2], *weight.shape[-2:])
            total[..., rows, columns] += part.float().cpu() * mask
            weight[..., rows, columns] += mask
    assert total is not None  # there is at least one tile
    return total.div_(weight)


def tile_count(length: int, tile: int, overlap: int) -> int:
    """How many tiles it takes to cover a length."""
    return 1 + max(0, -(-(length - tile) // (tile - overlap)))


def _spans(length: int, tile: int, overlap: int, cut_last: bool) -> Iterator[tuple[int, int]]:
    """Starts and ends of tiles that cover 0..length; the last is moved back so that it is whole, or cut."""
    start = 0
    while start + tile < length:
        yield start, start + tile
        start += tile - overlap
    yield start if cut_last else max(0, length - tile), length


def _ramp(span: slice, length: int, fade: int) -> Tensor:
    """Weights of a span, rising and falling over `fade` at its ends, but not at the ends of the whole."""
    size = span.stop - span.start
    position = torch.arange(size, dtype=torch.float32)
    weight = torch.ones(size)
    if span.start > 0:
        weight = torch.minimum(weight, (position + 1) / (fade + 1))
    if span.stop < length:
        weight = torch.minimum(weight, (size - position) / (fade + 1))
    return weight
