"""What masks look like: their bounds, how far inside a point lies, holes, soft edges. Masks are [B, H, W] in 0..1."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F

BLUR_REACH = 3  # standard deviations, beyond which a Gaussian is as good as 0


class Bounds(NamedTuple):
    """A rectangle of pixels."""

    x: int
    y: int
    width: int
    height: int


def bounds(mask: torch.Tensor) -> Bounds | None:
    """Return the smallest rectangle that holds all that is above 0 in any of the masks; None where nothing is."""
    used = (mask > 0).any(dim=0)
    rows, columns = used.any(dim=1).nonzero()[:, 0], used.any(dim=0).nonzero()[:, 0]
    if not len(rows):
        return None
    x, y = int(columns[0]), int(rows[0])
    return Bounds(x, y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1)


def blur(mask: torch.Tensor, radius: float) -> torch.Tensor:
    """Return the masks blurred by a Gaussian of `radius` pixels standard deviation; borders count as continued."""
    if radius <= 0:
        return mask
    reach = math.ceil(BLUR_REACH * radius)
    offsets = torch.arange(-reach, reach + 1, dtype=torch.float32, device=mask.device)
    kernel = torch.exp(-((offsets / radius) ** 2) / 2)
    kernel = kernel / kernel.sum()
    padded = F.pad(mask[:, None].float(), (reach, reach, reach, reach), mode="replicate")
    across = F.conv2d(padded, kernel[None, None, None])
    return F.conv2d(across, kernel[None, None, :, None])[:, 0].clamp(0, 1)


def depth(mask: torch.Tensor, most: int) -> torch.Tensor:
    """Return how far each pixel lies from the nearest one that is 0, in pixels, up to `most`: 0 outside, 1 at the rim.

    The Euclidean distance, exactly: first along the columns, then the least of what neighbours in the row make of it
    (Felzenszwalb & Huttenlocher 2012, "Distance Transforms of Sampled Functions", section 2). The picture's border is
    no rim.
    """
    height, width = mask.shape[-2:]
    number = torch.arange(height, dtype=torch.float32, device=mask.device)[:, None]
    outside = mask <= 0
    above = torch.where(outside, number, -torch.inf).cummax(dim=-2).values
    below = torch.where(outside, number, torch.inf).flip(-2).cummin(dim=-2).values.flip(-2)
    down = torch.minimum(number - above, below - number).clamp(max=most)
    squared = down**2
    nearest = squared.clone()
    for offset in range(1, min(most, width - 1) + 1):
        reached = squared + offset**2
        nearest[..., offset:] = torch.minimum(nearest[..., offset:], reached[..., :-offset])
        nearest[..., :-offset] = torch.minimum(nearest[..., :-offset], reached[..., offset:])
    return nearest.sqrt().clamp(max=most)


def fill_holes(mask: torch.Tensor) -> torch.Tensor:
    """Return the masks with everything 1 that their bright parts enclose; corners that touch close a ring.

    What can be reached from the border through pixels of 0 is outside. It spreads along whole rows and columns in
    turns until nothing more is reached.
    """
    free = mask <= 0
    reached = torch.zeros_like(free)
    for side in (reached[..., :1, :], reached[..., -1:, :], reached[..., :1], reached[..., -1:]):
        side.fill_(True)
    reached &= free
    along_rows, along_columns = _runs(free), _runs(free.mT)
    while True:
        spread = _along(reached, free, along_rows)
        spread = _along(spread.mT, free.mT, along_columns).mT
        if torch.equal(spread, reached):
            return torch.where(free & ~reached, torch.ones_like(mask), mask)
        reached = spread


def _runs(free: torch.Tensor) -> torch.Tensor:
    """Numbers [B, H, W] of the gaps between walls in each row."""
    return (~free).long().cumsum(dim=-1)


def _along(reached: torch.Tensor, free: torch.Tensor, runs: torch.Tensor) -> torch.Tensor:
    """What is reached when each row's gaps are reached as a whole."""
    gaps = torch.zeros(*reached.shape[:-1], reached.shape[-1] + 1, dtype=torch.int8, device=reached.device)
    gaps.scatter_reduce_(-1, runs, reached.to(torch.int8), "amax")
    return gaps.gather(-1, runs).bool() & free
