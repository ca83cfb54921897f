"""Pictures as CLIP's image encoders were trained to see them."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

MEAN = (0.48145466, 0.4578275, 0.40821073)  # of the colours of CLIP's training pictures (Radford et al. 2021)
DEVIATION = (0.26862954, 0.26130258, 0.27577711)

Crop = Literal["center", "none"]


def clip_pixels(image: Tensor, side: int, crop: Crop) -> Tensor:
    """The pixels [B, 3, side, side] of image [B, H, W, C] in 0..1, with the mean and deviation of CLIP's data.

    `crop` "center": the shorter side is fitted and the middle is kept; "none": the picture is squeezed into the square.
    Sizes are changed bicubically with antialiasing and colours rounded to 8 bits, as when pictures are prepared by PIL.
    """
    colours = image[..., :3].movedim(-1, 1).float()
    if colours.shape[1] == 1:
        colours = colours.expand(-1, 3, -1, -1)
    height, width = colours.shape[-2:]
    if (height, width) != (side, side):
        scale = side / min(height, width)
        size = (round(scale * height), round(scale * width)) if crop == "center" else (side, side)
        colours = F.interpolate(colours, size=size, mode="bicubic", antialias=True)
        top, left = (colours.shape[-2] - side) // 2, (colours.shape[-1] - side) // 2
        colours = colours[..., top : top + side, left : left + side]
    colours = (colours * 255).clamp(0, 255).round() / 255
    mean, deviation = (torch.tensor(three).view(3, 1, 1).to(colours) for three in (MEAN, DEVIATION))
    return (colours - mean) / deviation
