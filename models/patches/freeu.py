"""FreeU: louder features from below, quieter low frequencies beside them.

Si et al., "FreeU: Free Lunch in Diffusion U-Net" (arXiv 2309.11497). On the way up half of the channels that come from
below are scaled by `b`, and the lowest frequencies of the skip connections by `s`: at the widest features, which are
four times the network's width, by the first pair of numbers, at those of twice its width by the second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from models.patches.spectrum import scale_frequencies
from models.sdxl.network_patches import NetworkPatch, Spot

REACH = 1  # the frequencies -1 and 0


class Scales(NamedTuple):
    """What features of one width are scaled by."""

    backbone: float
    skip: float


@dataclass(frozen=True, eq=False)
class FreeU(NetworkPatch):
    """The first version scales alike everywhere; the second more where the features are strong, up to `backbone`."""

    by_width: Mapping[int, Scales]
    by_strength: bool  # the second version

    def before_output(self, x: Tensor, skip: Tensor, spot: Spot) -> tuple[Tensor, Tensor]:
        """See `NetworkPatch`."""
        del spot
        scales = self.by_width.get(x.shape[1])
        if scales is None:
            return x, skip
        if scales.backbone != 1.0:
            scaled, rest = x[:, : x.shape[1] // 2], x[:, x.shape[1] // 2 :]
            amount = 1 + (scales.backbone - 1) * _strength(x) if self.by_strength else scales.backbone
            x = torch.cat([scaled * amount, rest], dim=1)
        return x, scale_frequencies(skip, REACH, scales.skip)


def _strength(x: Tensor) -> Tensor:
    """Return the mean over channels [B, 1, h, w], from 0 where it is least in a feature map to 1 where it is most."""
    mean = x.mean(dim=1, keepdim=True)
    least, most = mean.amin(dim=(2, 3), keepdim=True), mean.amax(dim=(2, 3), keepdim=True)
    return (mean - least) / (most - least).clamp(min=torch.finfo(x.dtype).tiny)
