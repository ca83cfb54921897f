"""The immutable handles that travel on MODEL, CLIP and VAE wires.

A handle never owns a second copy of weights: `with_*` methods return a new handle that shares the modules.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from models.adapters.weight_patches import NO_PATCHES, Patches
from models.sampling.tweaks import NO_TWEAKS, Tweaks
from models.weights_in_memory import memory_parts

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    import torch
    from torch import nn

    from models.memory import DeviceMemory
    from models.sampling.latent_statistics import LatentStatistics
    from models.sampling.noise_schedule import NoiseSchedule
    from models.sdxl.config import UNetConfig, VAEConfig
    from models.sdxl.image_prompt import Statistics

Family = Literal["sdxl", "sdxl_refiner", "sd15", "sd21"]


@dataclass(frozen=True, eq=False)
class Model:
    """A denoising network and all that sampling must know about it.

    `network(x [B,4,h,w], timesteps [B], context [B,n,C], y [B,adm] | None) -> [B,4,h,w]` predicts what
    `schedule.prediction` says (epsilon, v ...). Latents given to it are in the model's units (`scaled`);
    latents on wires are as VAEs give them.
    """

    network: nn.Module
    config: UNetConfig
    family: Family
    schedule: NoiseSchedule
    latent_scale: float  # 0.13025 for SDXL, 0.18215 for SD1.x and SD2.x
    memory: DeviceMemory  # owns the device and what is resident on it
    dtype: torch.dtype  # of the computation
    digest: str  # content digest of the weights' file
    patches: Patches = NO_PATCHES  # what is added to the weights when they are used
    tweaks: Tweaks = NO_TWEAKS  # what is changed about sampling
    latent_statistics: LatentStatistics | None = None  # what is taken out of latents before they are scaled
    image_statistics: Statistics | None = None  # of the pictures' embeddings that a Stable unCLIP model was trained on

    def with_tweak(self, name: str, **changes: Any) -> Model:
        """A handle to the same weights that is sampled with further changes; see `Tweaks.plus`."""
        return replace(self, tweaks=self.tweaks.plus(name, **changes))

    def scaled(self, latent: torch.Tensor) -> torch.Tensor:
        """Latents [B, C, h, w] from a wire in the model's units."""
        known = self.latent_statistics
        return (latent if known is None else known.normalised(latent)) * self.latent_scale

    def unscaled(self, latent: torch.Tensor) -> torch.Tensor:
        """Latents in the model's units as they are on wires."""
        plain, known = latent / self.latent_scale, self.latent_statistics
        return plain if known is None else known.restored(plain)

    def with_schedule(self, schedule: NoiseSchedule) -> Model:
        """A handle to the same weights that is sampled by another noise schedule."""
        return replace(self, schedule=schedule)

    def memory_parts(self) -> Iterator[tuple[Hashable, int]]:
        """The weights, which all handles to the network share, and patches, for caches that add up bytes."""
        yield from memory_parts(self.network)
        yield from self.patches.memory_parts()
        for patch in self.tweaks.network:
            yield from patch.memory_parts()


@dataclass(frozen=True, eq=False)
class Vae:
    """A KL autoencoder; `models.vae_codec` encodes and decodes pictures with it."""

    network: nn.Module
    config: VAEConfig
    memory: DeviceMemory
    dtype: torch.dtype
    digest: str

    def memory_parts(self) -> Iterator[tuple[Hashable, int]]:
        """The weights, for caches that add up bytes."""
        return memory_parts(self.network)
