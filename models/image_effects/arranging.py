"""Pictures beside one another, and in frames. All take and give [B, H, W, C]."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from models.resize import ImageMethod, resize

Direction = Literal["right", "down", "left", "up"]

ROWS, COLUMNS = 1, 2  # dimensions of a batch of pictures


def framed(pictures: Tensor, width: int, height: int, colour: float, method: ImageMethod) -> Tensor:
    """Pictures as large as fits into `width` x `height` in their own proportions, in the middle of one grey."""
    old_height, old_width = pictures.shape[1:3]
    scale = min(width / old_width, height / old_height)
    inner_width, inner_height = max(1, int(old_width * scale)), max(1, int(old_height * scale))
    inner = resize(pictures.movedim(-1, 1), inner_width, inner_height, method).movedim(1, -1)
    return _centred(_centred(inner, ROWS, height, colour), COLUMNS, width, colour)


def stitched(first: Tensor, second: Tensor, direction: Direction, gap: Tensor, width: int, *, resized: bool) -> Tensor:
    """The second pictures beside the first ones, with a strip of `width` pixels of the colour `gap` [3] between them.

    Of unlike batches the shorter one's last picture is repeated; a missing alpha channel is opaque. Unlike sides are
    either `resized` to the first ones', in proportion, or filled up in the middle: with the gap's colour if it is
    white, else with black.
    """
    along = COLUMNS if direction in ("left", "right") else ROWS
    side = ROWS if along == COLUMNS else COLUMNS
    count, channels = max(first.shape[0], second.shape[0]), max(first.shape[-1], second.shape[-1])
    parts = [_opaque(_filled_up(part, count), channels) for part in (first, second)]
    if resized:
        parts[1] = _with_side(parts[1], side, parts[0].shape[side])
    else:
        longest = max(part.shape[side] for part in parts)
        parts = [_centred(part, side, longest, float(gap.amin())) for part in parts]
    if direction in ("left", "up"):
        parts.reverse()
    if width:
        shape = list(parts[0].shape)
        shape[along] = width
        parts.insert(1, F.pad(gap.to(first), (0, max(0, channels - 3)), value=1.0)[:channels].expand(shape))
    return torch.cat(parts, dim=along)


def _filled_up(pictures: Tensor, count: int) -> Tensor:
    return torch.cat((pictures, pictures[-1:].expand(count - pictures.shape[0], -1, -1, -1)))


def _opaque(pictures: Tensor, channels: int) -> Tensor:
    return F.pad(pictures, (0, channels - pictures.shape[-1]), value=1.0)


def _with_side(pictures: Tensor, side: int, length: int) -> Tensor:
    """Pictures in their own proportions with one side of that length."""
    height, width = pictures.shape[1:3]
    if pictures.shape[side] == length:
        return pictures
    if side == ROWS:
        width, height = max(1, int(length * (width / height))), length
    else:
        width, height = length, max(1, int(length / (width / height)))
    return resize(pictures.movedim(-1, 1), width, height, "lanczos").movedim(1, -1)


def _centred(pictures: Tensor, side: int, length: int, value: float) -> Tensor:
    """Pictures with `value` added at both ends of a side, up to that length."""
    missing = length - pictures.shape[side]
    ends = (missing // 2, missing - missing // 2)
    return F.pad(pictures, (0, 0, *ends) if side == COLUMNS else (0, 0, 0, 0, *ends), value=value)
