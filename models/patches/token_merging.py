"""Token merging: fewer queries in self-attention, because alike places want alike answers.

Bolya & Hoffman, "Token Merging for Fast Stable Diffusion" (arXiv 2303.17604). One token in every 2 x 2 is a target;
of the others, those that are most like a target are averaged into it, and get its answer.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from models.sdxl.network_patches import QKV, Attention, NetworkPatch, Spot

CELL = 2  # tokens, the sides of the square that has one target


@dataclass(frozen=True, eq=False)
class TokenMerging(NetworkPatch):
    """Merges the queries of self-attention where the features are as large as the latents, as SD1.x and SD2.x have."""

    ratio: float  # of all tokens that are merged into others, 0..1

    def around(self, which: Attention, tokens: QKV, spot: Spot, rest: Callable[[QKV], Tensor]) -> Tensor:
        """See `NetworkPatch`."""
        height, width = spot.size
        count = min(int(height * width * self.ratio), height * width - (height // CELL) * (width // CELL))
        whole = spot.size == spot.call.size and tokens.q.shape[1] == height * width
        if which != "self" or not whole or count <= 0 or min(height, width) < CELL:
            return rest(tokens)
        place = repr((spot.call.sigma, spot.part, spot.number, spot.depth))
        targets = pick_targets(spot.size, zlib.crc32(place.encode())).to(tokens.q.device)
        merger = Merger.of(tokens.q, targets, count)
        return merger.unmerged(rest(tokens._replace(q=merger.merged(tokens.q))))


def pick_targets(size: tuple[int, int], seed: int) -> Tensor:
    """One place at random in every whole cell of a map of (height, width), as numbers into the tokens."""
    rows, columns = (side // CELL for side in size)
    within = torch.randint(CELL * CELL, (rows, columns), generator=torch.Generator().manual_seed(seed))
    down = torch.arange(rows)[:, None] * CELL + within // CELL
    across = torch.arange(columns) * CELL + within % CELL
    return (down * size[1] + across).flatten()


@dataclass(frozen=True, eq=False)
class Merger:
    """Which tokens become which. All but `targets` are numbers into `others`, by entry of the batch."""

    targets: Tensor  # [t]
    others: Tensor  # [n - t], the tokens that are no targets
    kept: Tensor  # [B, n - t - count], what stays by itself
    gone: Tensor  # [B, count], what is merged ...
    into: Tensor  # [B, count], and into which target

    @classmethod
    def of(cls, tokens: Tensor, targets: Tensor, count: int) -> Merger:
        """Merge the `count` tokens [B, n, C] that are most like a target, by the cosine between them."""
        is_other = torch.ones(tokens.shape[1], dtype=torch.bool, device=tokens.device)
        is_other[targets] = False
        others = is_other.nonzero()[:, 0]
        units = F.normalize(tokens, dim=-1)
        likeness, best = (units[:, others] @ units[:, targets].mT).max(dim=-1)
        order = likeness.argsort(dim=-1, descending=True)
        gone = order[:, :count]
        return cls(targets, others, order[:, count:], gone, best.gather(1, gone))

    def merged(self, tokens: Tensor) -> Tensor:
        """[B, n, C] -> [B, n - count, C]: what is kept, then the targets, each the mean of what it stands for."""
        others = tokens[:, self.others]
        into = _wide(self.into, tokens)
        targets = tokens[:, self.targets].scatter_reduce(1, into, _taken(others, self.gone), "mean")
        return torch.cat([_taken(others, self.kept), targets], dim=1)

    def unmerged(self, tokens: Tensor) -> Tensor:
        """The way back, [B, n - count, C] -> [B, n, C]: what was merged gets its target's answer."""
        kept, targets = tokens.split([self.kept.shape[1], len(self.targets)], dim=1)
        others = tokens.new_empty(len(tokens), len(self.others), tokens.shape[2])
        others.scatter_(1, _wide(self.kept, tokens), kept)
        others.scatter_(1, _wide(self.gone, tokens), _taken(targets, self.into))
        whole = tokens.new_empty(len(tokens), len(self.others) + len(self.targets), tokens.shape[2])
        whole[:, self.others], whole[:, self.targets] = others, targets
        return whole


def _wide(places: Tensor, tokens: Tensor) -> Tensor:
    return places[..., None].expand(-1, -1, tokens.shape[-1])


def _taken(tokens: Tensor, places: Tensor) -> Tensor:
    return tokens.gather(1, _wide(places, tokens))
