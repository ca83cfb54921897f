"""The exponential moving average of what is learned, which wavers less than the last values do."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


class Average:
    """Values that follow others slowly; at first faster, so that they forget where they began."""

    def __init__(self, values: Mapping[str, Tensor], decay: float) -> None:
        self.values = {name: value.detach().clone() for name, value in values.items()}
        self._decay = decay

    @torch.no_grad()
    def follow(self, values: Mapping[str, Tensor], step: int) -> None:
        """Take in the values after a step, counted from 0."""
        decay = min(self._decay, (step + 1) / (step + 10))
        for name, value in values.items():
            self.values[name].lerp_(value.detach(), 1 - decay)

    def restore(self, values: Mapping[str, Tensor]) -> None:
        """Go on from values that were kept."""
        for name, value in values.items():
            self.values[name].copy_(value)
