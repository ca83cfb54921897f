"""HyperTile: self-attention within tiles instead of over the whole picture, which is faster for large pictures.

Tfernd, "HyperTile" (github.com/tfernd/HyperTile). A feature map is cut into equal tiles, each at least as large as
asked, which attend to themselves as if they were a batch.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from models.sdxl.network_patches import QKV, Attention, NetworkPatch, Spot

PIXELS = 8  # of a picture's side for each value of a latent's side
SMALLEST = 32  # pixels


@dataclass(frozen=True, eq=False)
class HyperTile(NetworkPatch):
    """Tiles at the levels 0 .. `deepest`, of which each has half the resolution of the one before."""

    tile: int  # pixels
    choices: int  # how many ways of cutting there are to choose among at random, so that seams do not stay
    deepest: int
    by_level: bool  # each deeper level has tiles of twice as many features a side, not of as many

    def around(self, which: Attention, tokens: QKV, spot: Spot, rest: Callable[[QKV], Tensor]) -> Tensor:
        """See `NetworkPatch`."""
        level = self._level(tokens, spot) if which == "self" else None
        if level is None:
            return rest(tokens)
        least = max(SMALLEST, self.tile) // PIXELS * (2**level if self.by_level else 1)
        dice = random.Random(repr((spot.call.sigma, spot.part, spot.number, spot.depth)))
        down, across = (_pieces(side, least, self.choices, dice) for side in spot.size)
        if down * across == 1:
            return rest(tokens)
        grid = (down, spot.size[0] // down, across, spot.size[1] // across)
        return _whole(rest(QKV(*(_tiles(one, grid) for one in tokens))), grid)

    def _level(self, tokens: QKV, spot: Spot) -> int | None:
        """Which level the features are of: only whole halvings of the latents are, not what was rounded up."""
        height, width = spot.size
        if any(one.shape[1] != height * width for one in tokens):
            return None
        wanted = ((height << level, width << level) for level in range(self.deepest + 1))
        return next((level for level, size in enumerate(wanted) if size == spot.call.size), None)


def _pieces(side: int, least: int, choices: int, dice: random.Random) -> int:
    """Return into how many equal pieces of at least `least` a side is cut, one of the first `choices` ways.

    Of the ways on offer the coarsest is never taken when there is another.
    """
    ways = [side // piece for piece in range(min(least, side), side + 1) if side % piece == 0][:choices]
    return ways[dice.randrange(max(len(ways) - 1, 1))]


def _tiles(tokens: Tensor, grid: tuple[int, int, int, int]) -> Tensor:
    """Tokens [B, n, C] as [B * tiles, tokens of a tile, C]; the grid is (rows, their height, columns, their width)."""
    return tokens.unflatten(1, grid).transpose(2, 3).flatten(0, 2).flatten(1, 2)


def _whole(tokens: Tensor, grid: tuple[int, int, int, int]) -> Tensor:
    """The inverse of `_tiles`."""
    down, height, across, width = grid
    return tokens.unflatten(0, (-1, down, across)).unflatten(3, (height, width)).transpose(2, 3).flatten(1, 4)
