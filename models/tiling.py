"""Working through a picture in overlapping tiles, for networks whose memory grows with its area."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor


class _Strip(NamedTuple):
    """The rows or columns that a tile covers."""

    taken: slice  # of the picture
    given: slice  # of the result
    share: Tensor  # of the result there that this tile makes; those of all tiles add up to 1


def tiled(
    apply: Callable[[Tensor], Tensor],
    x: Tensor,
    *,
    tile: int,
    overlap: int,
    up: int = 1,
    down: int = 1,
    cut_last: bool = False,
    into: Tensor | None = None,
) -> Tensor:
    """`apply(x)` put together from tiles, blended where they overlap.

    `x` [B, C, h, w]; `apply` makes the sides `up` times larger and `down` times smaller. `tile` and `overlap` are in
    units of x and divisible by `down`. The last tile of a row is moved back so that it is whole; `cut_last` leaves it
    where it is and makes it smaller, which saves work. The result is written into `into`, if given, whatever was in
    it. It is exact up to what `apply` sees beyond a tile's border.

    Raises:
        ValueError: if the overlap is not smaller than the tile.
    """
    if not 0 <= overlap < tile:
        raise ValueError(f"Tiles of {tile} cannot overlap by {overlap}: the overlap must be smaller than the tile.")
    height, width = x.shape[-2:]
    columns = _strips(width, tile, overlap, up, down, cut_last)
    if into is not None:
        into.zero_()
    for row in _strips(height, tile, overlap, up, down, cut_last):
        for column in columns:
            part = apply(x[..., row.taken, column.taken]).float().cpu()
            if into is None:
                into = torch.zeros(*part.shape[:2], height * up // down, width * up // down)
            into[..., row.given, column.given] += part * (row.share[:, None] * column.share)
    assert into is not None  # there is at least one tile
    return into


def tile_count(length: int, tile: int, overlap: int) -> int:
    """How many tiles it takes to cover a length."""
    return 1 + max(0, -(-(length - tile) // (tile - overlap)))


def _strips(length: int, tile: int, overlap: int, up: int, down: int, cut_last: bool) -> list[_Strip]:
    """The strips that cover a side of `length`."""
    whole = length * up // down
    total = torch.zeros(whole)
    strips: list[_Strip] = []
    for start, end in _spans(length, tile, overlap, cut_last):
        given = slice(start * up // down, end * up // down)
        ramp = _ramp(given, whole, overlap * up // down)
        total[given] += ramp
        strips.append(_Strip(slice(start, end), given, ramp))
    return [strip._replace(share=strip.share / total[strip.given]) for strip in strips]


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
