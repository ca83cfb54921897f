"""Seeded noise. It is drawn on the CPU whatever the device, so that a seed means the same picture everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    NoiseSource = Callable[[float, float], torch.Tensor]
    """Noise of unit variance for the step between two noise levels."""


def seeded_noise(shape: Sequence[int], seed: int, batch_index: Sequence[int] | None = None) -> torch.Tensor:
    """Return float32 noise of `shape` [B, ...] on the CPU for a seed of 0 .. 2^64 - 1.

    With `batch_index` (one number for each picture) picture k gets what picture `batch_index[k]` of a large batch,
    drawn one by one, would get: pictures taken out of a batch keep their noise, equal numbers share theirs.
    """
    generator = torch.Generator().manual_seed(seed)
    if batch_index is None:
        return torch.randn(tuple(shape), generator=generator)
    drawn = [torch.randn((1, *shape[1:]), generator=generator) for _ in range(max(batch_index) + 1)]
    return torch.cat([drawn[index] for index in batch_index])


def white_noise(x: torch.Tensor, seed: int) -> NoiseSource:
    """Return a source of independent noise shaped like `x` for the steps of a run seeded with `seed`.

    The generator starts where that of the run's first noise started, so the first draw repeats that noise: a blemish,
    but saved pictures and other programs' pictures of the same seed were made so.
    """
    generator = torch.Generator().manual_seed(seed)

    def draw(_sigma: float, _sigma_next: float) -> torch.Tensor:
        return torch.randn(x.shape, generator=generator).to(x)

    return draw
