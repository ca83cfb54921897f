"""Where the bits lie: sums over 2 x 2 pixels of one colour difference, in blocks of 4 x 4.

The colour difference is U of the analogue YUV, `0.492 (B - Y)` with `Y = 0.299 R + 0.587 G + 0.114 B` (ITU-R BT.601).
One step of the Haar wavelet transform leaves its lowest band: half the sum over each 2 x 2 pixels. That band is cut
into blocks of 4 x 4; the n-th block, row by row, carries bit n modulo the message's length. The block's largest value,
the first one aside, carries it: by where it lies within its step of 36. All of this is what the library's method
`dwtDct` does, whose name promises a cosine transform that it does not take.
"""

from __future__ import annotations

import torch
from torch import Tensor

STEP = 36.0  # of the band's values; a quarter into it stands for 0, three quarters for 1
BLOCK = 4  # values of the band on each side of a block, which is 8 pixels
CELL = 2  # pixels on each side of what one value of the band sums up
LUMA = (0.299, 0.587, 0.114)  # BT.601: of red, green and blue
U_SCALE = 0.492
BYTE_MIDDLE = 128.0  # of U in a picture of 8 bits
FLOAT_MIDDLE = 0.5  # of U where the library is given numbers with fractions


def used_size(height: int, width: int) -> tuple[int, int]:
    """Height and width of what carries bits, from the top left corner on: whole blocks."""
    side = BLOCK * CELL
    return height // side * side, width // side * side


def u_of_bytes(pixels: Tensor) -> Tensor:
    """U of 8-bit pixels [..., H, W, 3 or more] with values 0 .. 255, rounded as integer arithmetic rounds it."""
    y = luma(pixels).round()
    return ((pixels[..., 2] - y) * U_SCALE + BYTE_MIDDLE).round().clamp(0, 255)


def u_of_floats(pixels: Tensor) -> Tensor:
    """U of pixels [..., H, W, 3 or more] with values 0 .. 255, as the library has it of numbers with fractions."""
    return (pixels[..., 2] - luma(pixels)) * U_SCALE + FLOAT_MIDDLE


def luma(pixels: Tensor) -> Tensor:
    """Y of pixels [..., 3 or more] -> [...]."""
    red, green, blue = LUMA
    return pixels[..., 0] * red + pixels[..., 1] * green + pixels[..., 2] * blue


def blocks_of(plane: Tensor) -> Tensor:
    """The band's blocks of one colour plane [B, H, W] -> [B, blocks, 16]; both sides are multiples of 8."""
    batch, height, width = plane.shape
    band = plane.reshape(batch, height // CELL, CELL, width // CELL, CELL).sum(dim=(2, 4)) / CELL
    rows, columns = height // (BLOCK * CELL), width // (BLOCK * CELL)
    blocks = band.reshape(batch, rows, BLOCK, columns, BLOCK).permute(0, 1, 3, 2, 4)
    return blocks.reshape(batch, rows * columns, BLOCK * BLOCK)


def spread(blocks: Tensor, height: int, width: int) -> Tensor:
    """What to add to each pixel [B, H, W] so that the band's blocks [B, blocks, 16] grow by what they hold."""
    rows, columns = height // (BLOCK * CELL), width // (BLOCK * CELL)
    band = blocks.reshape(-1, rows, columns, BLOCK, BLOCK).permute(0, 1, 3, 2, 4)
    band = band.reshape(-1, height // CELL, width // CELL) / CELL  # four pixels that each grow by half: their sum by 2
    return band.repeat_interleave(CELL, dim=1).repeat_interleave(CELL, dim=2)


def strongest(blocks: Tensor) -> Tensor:
    """Which of a block's 16 values carries the bit: the largest apart from its sign, never the first -> [B, blocks]."""
    return blocks[..., 1:].abs().argmax(dim=-1) + 1


def votes(plane: Tensor) -> Tensor:
    """The bit that each block of a colour plane [B, H, W] shows -> bool [B, blocks]."""
    blocks = blocks_of(plane)
    carriers = blocks.gather(-1, strongest(blocks)[..., None])[..., 0].abs()
    return torch.remainder(carriers, STEP) > STEP / 2
