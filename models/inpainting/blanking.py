"""A picture and its mask as inpainting networks are shown them: sides that the autoencoder can halve, the rest grey."""

from __future__ import annotations

from typing import NamedTuple

import torch

from models.compositing import as_mask, fit_batch

STEP = 8  # pixels: sides are multiples of it
GREY = 0.5


class Blanked(NamedTuple):
    """Pictures cut evenly to multiples of 8, and what their masks leave of them."""

    pixels: torch.Tensor  # [B, H, W, 3]
    visible: torch.Tensor  # [B, H, W, 3], grey where the mask is rounded to 1
    mask: torch.Tensor  # [b, 1, H, W], as soft as it was given


def blanked(pixels: torch.Tensor, mask: torch.Tensor) -> Blanked:
    """Prepare `pixels` [B, h, w, C] and a mask [..., h', w'], 1 where to draw anew, which is stretched over them.

    Masks that are fewer than the pictures are used again from the first on; those that are too many stay unused.
    """
    height, width = pixels.shape[1:3]
    masks = as_mask(mask, (height, width))
    top, left = height % STEP // 2, width % STEP // 2
    rows, columns = slice(top, top + height // STEP * STEP), slice(left, left + width // STEP * STEP)
    if min(height, width) >= STEP:  # what is smaller is refused by the autoencoder, which shall see how small it is
        pixels, masks = pixels[:, rows, columns], masks[..., rows, columns]
    pixels = pixels[..., :3]
    kept = fit_batch(1 - masks.round(), len(pixels))[:, 0, ..., None]
    return Blanked(pixels, (pixels - GREY) * kept + GREY, masks)
