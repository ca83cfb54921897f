"""Soft outlines: how strongly colours change, over several distances at once.

Stands for the learned edge detectors (HED, PiDiNet) whose weights nobody may have: gradients by Sobel's kernels of the
picture blurred more and less (scale space: Witkin 1983), of which each pixel takes the strongest.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from models.image_effects.gaussian import blur_by_pixels, mirrored
from models.image_effects.lines import ranked

SCALES = (1.0, 2.0, 4.0)  # sigmas, in units of the softness
WHITE_SHARE = 0.98  # of the pixels: the strongest edges above come out white
GRAIN = 0.02  # of the gradient of an edge from black to white: what is weaker is no edge


def soft_edges(colours: Tensor, softness: float) -> Tensor:
    """Edges [B, 1, H, W] in 0..1 of `colours` [B, C, H, W]; `softness` is the finest blur's sigma in pixels."""
    found = torch.zeros_like(colours[:, :1])
    for scale in SCALES:
        sigma = scale * softness
        steep = gradient(blur_by_pixels(colours, sigma)).amax(1, keepdim=True)
        found = torch.maximum(found, steep * sigma / SCALES[-1])  # a blur lowers the gradient as it widens the edge
    white = torch.stack([ranked(one, WHITE_SHARE) for one in found]).clamp(min=GRAIN)
    return (found / white.view(-1, 1, 1, 1)).clamp(0, 1).square()  # squared: slopes of shading recede behind outlines


def gradient(x: Tensor) -> Tensor:
    """The length of each channel's gradient, per pixel; `x` [B, C, H, W]."""
    across, down = slopes(x)
    return (across.square() + down.square()).sqrt()


def slopes(x: Tensor) -> tuple[Tensor, Tensor]:
    """How much each channel of `x` [B, C, H, W] rises to the right and downwards, per pixel, by Sobel's kernels."""
    kernel = x.new_tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 8
    channels = x.shape[1]
    padded = mirrored(x, 1)
    across = F.conv2d(padded, kernel.expand(channels, 1, 3, 3), groups=channels)
    down = F.conv2d(padded, kernel.mT.expand(channels, 1, 3, 3), groups=channels)
    return across, down
