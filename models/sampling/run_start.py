"""What one run of a sampler begins with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class RunStart:
    """Latents [B, C, h, w], scaled as the model takes them, on its device, and what is to be done with them."""

    latent: torch.Tensor  # clean
    noise: torch.Tensor  # of unit variance; zeros where the latent holds its noise already
    mask: torch.Tensor | None  # [B, 1, h, w], 1 where the picture may change
    sigmas: torch.Tensor  # [n], falling noise levels
    seed: int

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in latent values."""
        return self.latent.shape[-2], self.latent.shape[-1]
