"""Seeded noise. It is drawn on the CPU whatever the device, so that a seed means the same picture everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    NoiseSource = Callable[[float, float], torch.Tensor]
    """Noise of unit variance for the step between two noise levels."""

    Seeds = int | Sequence[int]
    """One seed (0 .. 2^64 - 1) for a run, or one for each of its pictures, which then are as if made alone."""


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


def noise_by_picture(shape: Sequence[int], seeds: Sequence[int]) -> torch.Tensor:
    """Return float32 noise of `shape` [B, ...] on the CPU in which picture k is that of a run of its own seed."""
    return torch.cat([seeded_noise((1, *shape[1:]), seed) for seed in seeds])


def following_noise(shape: Sequence[int], seed: Seeds) -> Callable[[Sequence[int]], torch.Tensor]:
    """Return a source of noise of any shape [B, ...] that goes on where the first noise of a run, of `shape`, ended."""
    if not isinstance(seed, int):
        sources = [following_noise((1, *shape[1:]), one) for one in seed]
        return lambda wanted: torch.cat([draw((1, *wanted[1:])) for draw in sources])
    generator = torch.Generator().manual_seed(seed)
    torch.randn(tuple(shape), generator=generator)
    return lambda wanted: torch.randn(tuple(wanted), generator=generator)


def white_noise(x: torch.Tensor, seed: Seeds) -> NoiseSource:
    """Return a source of independent noise shaped like `x` for the steps of a run seeded with `seed`.

    The generator starts where that of the run's first noise started, so the first draw repeats that noise: a blemish,
    but saved pictures and other programs' pictures of the same seed were made so.
    """
    if not isinstance(seed, int):
        return by_picture([white_noise(x[k : k + 1], one) for k, one in enumerate(seed)])
    generator = torch.Generator().manual_seed(seed)

    def draw(_sigma: float, _sigma_next: float) -> torch.Tensor:
        return torch.randn(x.shape, generator=generator).to(x)

    return draw


def by_picture(sources: Sequence[NoiseSource]) -> NoiseSource:
    """Return a source for a batch whose pictures each have one of their own."""
    return lambda sigma, sigma_next: torch.cat([draw(sigma, sigma_next) for draw in sources])
