"""Latents that a model takes with their channels' mean and deviation taken out, not only scaled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch


@dataclass(frozen=True)
class LatentStatistics:
    """Of a VAE's latents over pictures, channel by channel, in units of the wire."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def normalised(self, latent: torch.Tensor) -> torch.Tensor:
        """Return latents [B, C, h, w] of mean 0 and deviation 1. Blank ones stay blank: they stand for no picture."""
        if not latent.any():
            return latent
        return (latent - _channels(self.mean, latent)) / _channels(self.std, latent)

    def restored(self, latent: torch.Tensor) -> torch.Tensor:
        """Undo `normalised`."""
        return latent * _channels(self.std, latent) + _channels(self.mean, latent)


class LatentUnits(NamedTuple):
    """The units of a network's latents: statistics taken out, and what the rest is multiplied by."""

    statistics: LatentStatistics
    scale: float


def _channels(values: tuple[float, ...], like: torch.Tensor) -> torch.Tensor:
    return torch.tensor(values).to(like).view(1, -1, 1, 1)


# of Playground v2.5 (its VAE's config.json: latents_mean, latents_std, scaling_factor)
PLAYGROUND = LatentStatistics((-1.6574, 1.886, -1.383, 2.5155), (8.4927, 5.9022, 6.5498, 5.2299))
PLAYGROUND_SCALE = 0.5
PLAYGROUND_UNITS = LatentUnits(PLAYGROUND, PLAYGROUND_SCALE)
