"""Hiding bits in pictures, so that the library reads them in the saved file."""

from __future__ import annotations

import torch
from torch import Tensor

from models.watermark.carrier import (
    BLOCK,
    BYTE_MIDDLE,
    CELL,
    LUMA,
    STEP,
    U_SCALE,
    blocks_of,
    luma,
    spread,
    strongest,
    used_size,
)
from models.watermark.message import Bits

LEAST_PIXELS = 256 * 256  # of a picture that the library takes
LEAD = 2.0  # by how much the value that carries the bit exceeds the others, so that rounding cannot change which it is
SLACK = 3.0  # how far a value may stay from the middle of its half step, whose ends are 9 away: measured, see `embed`
WIDE_SLACK = 6.0  # the same where it saves much, as on white, whose blue cannot grow
WIDE_COST = 400.0  # what it must save, as the sum of the squared changes
NO_ROOM = 1e6  # added to the cost of a change that black or white cuts off
BLUE_OF_U = 1 / U_SCALE  # by how much blue grows where U grows by 1 and the brightness stays
GREEN_OF_U = -LUMA[2] / LUMA[1] * BLUE_OF_U


def large_enough(height: int, width: int) -> bool:
    """Whether a picture of this size can carry a message."""
    return height * width >= LEAST_PIXELS and min(height, width) >= BLOCK * CELL


def embed(pictures: Tensor, bits: Bits) -> Tensor:
    """The pictures [B, H, W, 3 or 4] in 0 .. 1 with `bits` hidden in each; what follows blue is left as it is.

    Only blue and, so that the brightness stays, a little of green change. Of each block of 8 x 8 pixels the value that
    carries the bit (see `carrier`) goes to the nearest place that says it. Where that takes less, others of the block
    that would exceed it are lowered, for the reader goes by the largest. Whatever else is in the picture stays: the
    library exchanges the wavelet's horizontal and vertical details when it puts a picture together again, which costs
    it up to 28 dB. docs/provenance.md has the figures.

    Raises:
        ValueError: the pictures are too small (see `large_enough`) or have no colours.
    """
    if pictures.ndim != 4 or pictures.shape[-1] < 3 or not large_enough(*pictures.shape[1:3]):
        raise ValueError(f"Pictures of shape {list(pictures.shape)} cannot carry a watermark.")
    height, width = used_size(*pictures.shape[1:3])
    pixels = pictures[:, :height, :width, :3].float() * 255
    change = spread(_changes(pixels, bits), height, width)
    marked = pictures.clone()
    marked[:, :height, :width, 2] += change * (BLUE_OF_U / 255)
    marked[:, :height, :width, 1] += change * (GREEN_OF_U / 255)
    return marked.clamp_(0, 1)


def _changes(pixels: Tensor, bits: Bits) -> Tensor:
    """By how much each value of each block is to grow, [B, blocks, 16]."""
    plane = (pixels[..., 2] - luma(pixels)) * U_SCALE + BYTE_MIDDLE
    blocks = blocks_of(plane)
    carriers = strongest(blocks)[..., None]
    values = blocks.gather(-1, carriers)
    message = torch.tensor(bits, dtype=blocks.dtype).repeat(-(-blocks.shape[1] // len(bits)))[: blocks.shape[1], None]
    steps = torch.floor(values / STEP) + torch.tensor([-1.0, 0.0, 1.0]).repeat(2)
    slack = torch.tensor([SLACK, WIDE_SLACK]).repeat_interleave(3)
    middles = (steps + 0.25 + 0.5 * message) * STEP
    wanted = values.clamp(middles - slack, middles + slack)  # [B, blocks, 6]: the nearest places that say the bit
    others = blocks.clone()
    others[..., 0] = -torch.inf  # the reader passes it over
    others.scatter_(-1, carriers, -torch.inf)
    excess = (others[..., None, :] - (wanted[..., None] - LEAD)).clamp_(min=0)  # [B, blocks, 6, 16]
    cost = (wanted - values) ** 2 + (excess**2).sum(dim=-1) + WIDE_COST * (slack > SLACK)
    blue = pixels[..., 2] / BLUE_OF_U  # what black or full green cuts off is a tenth, and does not matter
    down, up = (_narrowest(room).gather(-1, carriers) for room in (blue, 255 / BLUE_OF_U - blue))
    cost += NO_ROOM * ((wanted - values > up) | (values - wanted > down))
    best = cost.argmin(dim=-1, keepdim=True)
    changes = -excess.gather(-2, best[..., None].expand(-1, -1, 1, BLOCK * BLOCK))[..., 0, :]
    return changes.scatter_(-1, carriers, wanted.gather(-1, best) - values)


def _narrowest(room: Tensor) -> Tensor:
    """How far each value of each block can go [B, blocks, 16], given how far each pixel's U can: twice the least."""
    least = -torch.nn.functional.max_pool2d(-room[:, None], CELL)[:, 0]
    rows, columns = least.shape[1] // BLOCK, least.shape[2] // BLOCK
    blocks = least.reshape(-1, rows, BLOCK, columns, BLOCK).permute(0, 1, 3, 2, 4)
    return blocks.reshape(-1, rows * columns, BLOCK * BLOCK) * CELL
