"""Deep shrink: for the first steps the network works at a smaller size inside, so that large pictures hold together.

Kohya's method ("Deep Shrink" / "Kohya HighRes.fix"): after one of the input stages the features are made smaller, and
on the way up they are enlarged again where they meet a skip connection of another size.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from models.resize import LatentMethod, resize
from models.sdxl.network_patches import NetworkPatch, Spot


@dataclass(frozen=True, eq=False)
class DeepShrink(NetworkPatch):
    """Between two noise levels the features after an input stage are made `factor` times smaller."""

    stage: int
    factor: float
    first_sigma: float  # from this noise level ...
    last_sigma: float  # ... down to this one
    keeps_skip: bool  # the skip connection keeps its size
    smaller: LatentMethod
    larger: LatentMethod

    def after_input(self, x: Tensor, spot: Spot) -> Tensor:
        """See `NetworkPatch`."""
        return x if self.keeps_skip else self._shrunk(x, spot)

    def after_skip(self, x: Tensor, spot: Spot) -> Tensor:
        """See `NetworkPatch`."""
        return self._shrunk(x, spot) if self.keeps_skip else x

    def before_output(self, x: Tensor, skip: Tensor, spot: Spot) -> tuple[Tensor, Tensor]:
        """See `NetworkPatch`."""
        del spot
        height, width = skip.shape[-2:]
        return (x if x.shape[-2:] == skip.shape[-2:] else resize(x, width, height, self.larger)), skip

    def _shrunk(self, x: Tensor, spot: Spot) -> Tensor:
        if spot.number != self.stage or not self.last_sigma <= spot.call.sigma <= self.first_sigma:
            return x
        height, width = (max(1, round(side * (1.0 / self.factor))) for side in x.shape[-2:])
        return resize(x, width, height, self.smaller)
