"""Pictures of what flowed, as PNG files."""

from __future__ import annotations

import io
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image as Pillow
from torch import Tensor

from nodes.inspection.kinds import Item
from nodes.pictures import to_bytes
from nodes.preview_colours import PreviewColours

LARGEST_CELL = 8  # pixels that an entry of a latent is shown as: those that it stands for
EDGES = (0.01, 0.99)  # quantiles that become black and white where values have no range of their own
MOST_GAIN = 1e6  # by which a difference is made visible


class Made(NamedTuple):
    """A picture as numbers."""

    pixels: Tensor  # [H, W, 1, 3 or 4], 0..1, in main memory
    how: str  # pixels | mask | latent2rgb | channels


def pixels_of(item: Item, batch: int, size: int, colours: PreviewColours) -> Made:
    """One picture of an item that has some, about `size` pixels large where it holds more.

    Latents are shown in the colours of their VAE (latent2rgb), or, where none was met, as three of their channels.
    """
    assert item.tensor is not None
    tensor = item.tensor.detach()
    if item.kind == "latent":
        return _latent(tensor[batch], colours)
    if item.kind == "mask":
        return Made(_thinned(tensor[batch] if tensor.ndim == 3 else tensor, size)[..., None], "mask")
    return Made(_thinned(tensor[batch] if tensor.ndim == 4 else tensor, size), "pixels")


def difference(new: Tensor, old: Tensor) -> tuple[Tensor, float]:
    """How far two pictures of one size are apart, and the factor by which it was made brighter."""
    apart = (new.nan_to_num() - old.nan_to_num()).abs()[..., :3]
    largest = float(apart.max())
    gain = min(1 / largest, MOST_GAIN) if largest > 0 else 1.0
    return apart * gain, gain


def png_of(pixels: Tensor, size: int) -> bytes:
    """A picture [H, W, 1, 3 or 4] in 0..1 as a PNG whose longer side is at most `size` pixels."""
    eight_bits = to_bytes(pixels)
    flat = eight_bits[..., 0] if eight_bits.shape[2] == 1 else eight_bits
    picture = Pillow.fromarray(np.ascontiguousarray(flat))
    scale = size / max(picture.size)
    if scale < 1:
        sides = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        picture = picture.resize(sides, Pillow.Resampling.BOX)
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return file.getvalue()


def _latent(latent: Tensor, colours: PreviewColours) -> Made:
    """[C, h, w] as a picture with as many pixels as the latent has entries."""
    known = colours.of("", latent.shape[0])
    if known is not None:
        return Made(_enlarged(known.picture(latent).nan_to_num()), "latent2rgb")
    shown = latent[:3].float().cpu().nan_to_num() if latent.shape[0] >= 3 else latent[:1].float().cpu().nan_to_num()
    flat = shown.reshape(len(shown), -1)
    low, high = (torch.quantile(flat[:, :: -(-flat.shape[1] // 2**20)], edge, dim=1)[:, None, None] for edge in EDGES)
    return Made(_enlarged(((shown - low) / (high - low).clamp(min=1e-6)).clamp(0, 1).permute(1, 2, 0)), "channels")


def _enlarged(pixels: Tensor) -> Tensor:
    """Every entry as a square of 8 pixels, softened as previews are."""
    chw = pixels.permute(2, 0, 1)[None]
    large = torch.nn.functional.interpolate(chw, scale_factor=LARGEST_CELL, mode="bilinear", align_corners=False)
    return large[0].permute(1, 2, 0)


def _thinned(pixels: Tensor, size: int) -> Tensor:
    """Every n-th pixel of a picture that is much larger than what is shown, [H, W, ...] in main memory."""
    step = max(1, max(pixels.shape[:2]) // (4 * size))
    return pixels[::step, ::step].float().cpu()
