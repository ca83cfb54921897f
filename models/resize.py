"""Changing the size of pictures, masks and latents. All take and give [B, C, H, W].

Bilinear and bicubic sample without prefiltering (as texture units do); `area` averages; `lanczos` works in
8 bits through Pillow; `bislerp` turns each pixel's channel vector along the arc between its neighbours.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

ImageMethod = Literal["nearest-exact", "bilinear", "area", "bicubic", "lanczos"]
LatentMethod = Literal["nearest-exact", "bilinear", "area", "bicubic", "bislerp"]
Method = Literal["nearest-exact", "bilinear", "area", "bicubic", "lanczos", "bislerp"]
Crop = Literal["disabled", "center"]

COLOURED = (3, 4)  # channels that Pillow takes as one picture, RGB and RGBA
PARALLEL = 1e-5  # vectors whose cosine is this close to 1 or -1 have no arc between them


def resize(x: torch.Tensor, width: int, height: int, method: Method, crop: Crop = "disabled") -> torch.Tensor:
    """`x` [B, C, H, W] at `height` x `width`; `crop` "center" cuts it to that shape first instead of stretching.

    Raises:
        ValueError: an unknown method.
    """
    if crop == "center":
        x = crop_to_aspect(x, width / height)
    if method == "lanczos":
        return _lanczos(x, width, height)
    if method == "bislerp":
        return bislerp(x, width, height)
    if method not in get_args(Method):
        raise ValueError(f"There is no way to resize called {method!r}. Choose one of {', '.join(get_args(Method))}.")
    return F.interpolate(x, size=(height, width), mode=method)


def crop_to_aspect(x: torch.Tensor, aspect: float) -> torch.Tensor:
    """The middle of `x` [B, C, H, W] whose width is `aspect` times its height; one row and column at least remain.

    The order of the arithmetic decides which way halves of a pixel are rounded; saved graphs rely on this one.
    """
    height, width = x.shape[-2:]
    present = width / height
    left = top = 0
    if present > aspect:
        left = min(round((width - width * (aspect / present)) / 2), (width - 1) // 2)
    elif present < aspect:
        top = min(round((height - height * (present / aspect)) / 2), (height - 1) // 2)
    return x[..., top : height - top, left : width - left]


def bislerp(x: torch.Tensor, width: int, height: int) -> torch.Tensor:
    """Bilinear sampling in which channel vectors are interpolated in direction and length separately.

    Directions go along the arc (Shoemake 1985, "slerp"), so blends of latents keep their magnitude where a plain
    average shrinks it. First along the width, then along the height.
    """
    kept = x.dtype
    across = _bislerp_last(x.float(), width)
    return _bislerp_last(across.mT, height).mT.to(kept)


def _bislerp_last(x: torch.Tensor, size: int) -> torch.Tensor:
    """`x` [B, C, H, W] -> [B, C, H, size]."""
    old = x.shape[-1]
    numbers = torch.arange(old, dtype=torch.float32, device=x.device)[None, None]
    position = F.interpolate(numbers, size=size, mode="linear")[0, 0]
    low = position.floor()
    share = position - low
    index = low.long()
    return _slerp(x[..., index], x[..., (index + 1).clamp(max=old - 1)], share)


def _slerp(a: torch.Tensor, b: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """From `a` to `b` [B, C, H, W], vectors along C, by `share` [W] (0..1)."""
    a_length, b_length = a.norm(dim=1, keepdim=True), b.norm(dim=1, keepdim=True)
    a_unit, b_unit = _safe_divide(a, a_length), _safe_divide(b, b_length)
    cosine = (a_unit * b_unit).sum(dim=1, keepdim=True)
    angle = cosine.clamp(-1, 1).acos()
    sine = angle.sin()
    direction = ((1 - share) * angle).sin() / sine * a_unit + (share * angle).sin() / sine * b_unit
    result = direction * (a_length * (1 - share) + b_length * share)
    result = torch.where(cosine > 1 - PARALLEL, a, result)
    return torch.where(cosine < PARALLEL - 1, a * (1 - share) + b * share, result)


def _safe_divide(vector: torch.Tensor, length: torch.Tensor) -> torch.Tensor:
    return torch.where(length > 0, vector / length, torch.zeros_like(vector))


def _lanczos(x: torch.Tensor, width: int, height: int) -> torch.Tensor:
    """Through Pillow in 8 bits: three or four channels as one picture, any other number one by one."""
    pixels = (x.clamp(0, 1) * 255).to(torch.uint8).cpu()
    if x.shape[1] not in COLOURED:
        planes = [[_resized(plane.numpy(), width, height) for plane in picture] for picture in pixels]
        stacked = np.stack([np.stack(picture) for picture in planes])
    else:
        stacked = np.stack([_resized(p.permute(1, 2, 0).numpy(), width, height).transpose(2, 0, 1) for p in pixels])
    return (torch.from_numpy(stacked).float() / 255).to(x)


def _resized(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    return np.array(picture.resize((width, height), Image.Resampling.LANCZOS))
