"""The directions that surfaces face, out of how far away they are."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from models.image_effects.gaussian import blur_by_pixels
from models.image_effects.soft_edges import slopes


def normals(nearness: Tensor, relief: float, smoothing: float) -> Tensor:
    """Unit normals as colours [B, 3, H, W] in 0..1 of a depth map `nearness` [B, 1, H, W], 0 far .. 1 near.

    Red rises to the right, green upwards, blue towards the viewer; a surface that faces the viewer is (0.5, 0.5, 1).
    `relief` is the depth of the range 0..1 in picture widths; `smoothing`, in pixels, takes out the steps of 8 bits.
    """
    smooth = blur_by_pixels(nearness, smoothing) if smoothing else nearness
    across, down = slopes(smooth)
    depth = relief * nearness.shape[-1]
    facing = torch.cat((-across * depth, down * depth, torch.ones_like(across)), dim=1)
    return F.normalize(facing, dim=1) / 2 + 0.5
