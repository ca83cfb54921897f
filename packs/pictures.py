"""Pictures that packs give, as Pillow's."""

from __future__ import annotations

from typing import Any, cast

import torch
from PIL import Image

from nodes.pictures import to_bytes


def as_pillow(picture: Any) -> Any:
    """A tensor [H, W, C] or [B, H, W, C] (its first), or what wraps a picture (`.image`), as a picture of Pillow's."""
    if isinstance(picture, tuple):  # (format, picture, longest side)
        return as_pillow(cast("tuple[Any, ...]", picture)[1])
    if isinstance(picture, torch.Tensor):
        pixels = to_bytes(picture[0] if picture.ndim == 4 else picture)
        return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    return picture
