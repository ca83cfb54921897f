"""Brownian noise: the noise of a step follows from its two noise levels alone, not from which steps came before.

Samplers of stochastic differential equations draw from one Brownian path over the noise levels, so that a run with
more steps follows the same path more closely and converges to the same picture. The path is refined by
halving intervals (Levy's construction, arranged as the virtual Brownian tree of Li et al. 2020, arXiv 2001.01328);
every interval has its own seed, derived from the run's as in the torchsde library, so that equal seeds
give equal paths in both.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch

from models.sampling.noise import by_picture

if TYPE_CHECKING:
    from models.sampling.noise import NoiseSource, Seeds

_DIGITS = 6  # Times are decimals of so many digits; below that the path is not refined.
_POOL_SIZE = 24  # Words of entropy that numpy mixes a seed into.


class BrownianTree:
    """One path W(t) of a Brownian motion over `start` <= t <= `end` with W(start) = 0, shaped like `shape`."""

    def __init__(self, start: float, end: float, shape: torch.Size, seed: int) -> None:
        self._start, self._end = round(start, _DIGITS), round(end, _DIGITS)
        self._shape = shape
        self._seed = seed
        self._whole = self._normal() * math.sqrt(end - start)
        self._last = (self._end, self._whole)

    def __call__(self, time: float) -> torch.Tensor:
        """Return W(time), float64 on the CPU. Times outside the path are moved to its ends."""
        time = min(max(round(time, _DIGITS), self._start), self._end)
        if self._last[0] != time:  # A step begins where the one before ended.
            self._last = (time, self._descend(time))
        return self._last[1]

    def _descend(self, time: float) -> torch.Tensor:
        """Halve the interval that holds `time` until `time` is one of its ends."""
        low, high = self._start, self._end
        below = torch.zeros(self._shape, dtype=torch.float64)  # W(low)
        increment = self._whole  # W(high) - W(low)
        key = depth = 0
        while low < time < high:
            middle = round(0.5 * (low + high), _DIGITS)
            left, right = middle - low, high - middle
            bridge = self._normal(key, depth) * math.sqrt(left * right / (high - low))
            first_half = increment * (left / (high - low)) + bridge
            key, depth = 2 * key + (time > middle), depth + 1
            if time > middle:
                low, below, increment = middle, below + first_half, increment - first_half
            else:
                high, increment = middle, first_half
        return below if time == low else below + increment

    def _normal(self, *interval: int) -> torch.Tensor:
        """Draw the noise that belongs to an interval of the tree: its number within its depth, its depth."""
        sequence = np.random.SeedSequence(self._seed, spawn_key=interval, pool_size=_POOL_SIZE)
        generator = torch.Generator().manual_seed(int(sequence.generate_state(1)[0]))
        return torch.randn(self._shape, generator=generator).double()


def brownian_noise(x: torch.Tensor, sigmas: torch.Tensor, seed: Seeds) -> NoiseSource:
    """Return noise of unit variance shaped like `x` for any step between the positive ones of `sigmas`."""
    if not isinstance(seed, int):
        return by_picture([brownian_noise(x[k : k + 1], sigmas, one) for k, one in enumerate(seed)])
    positive = sigmas[sigmas > 0]
    tree = BrownianTree(positive.min().item(), positive.max().item(), x.shape, seed)

    def draw(sigma: float, sigma_next: float) -> torch.Tensor:
        before, after = tree(sigma), tree(sigma_next)
        return ((after - before) / math.sqrt(abs(sigma - sigma_next))).to(x)

    return draw
