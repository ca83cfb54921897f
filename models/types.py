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
    from models.sampling.noise_schedule import NoiseSchedule
    from models.sdxl.config import UNetConfig, VAEConfig
    from models.sdxl.image_prompt import Statistics

Family = Literal["sdxl", "sdxl_refiner", "sd15", "sd21"]


@dataclass(frozen=True, eq=False)
class Model:
    """A denoising network and all that sampling must know about it.

    `network(x [B,4,h,w], timesteps [B], context [B,n,C], y [B,adm] | None) -> [B,4,h,w]` predicts what
    `schedule.prediction` says (epsilon or v). Latents given to it are scaled by `latent_scale`;
    latents on wires are not.
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
    image_statistics: Statistics | None = None  # of the pictures' embeddings that a Stable unCLIP model was trained on

    def with_tweak(self, name: str, **changes: Any) -> Model:
        """A handle to the same weights that is sampled with further changes; see `Tweaks.plus`."""
        return replace(self, tweaks=self.tweaks.plus(name, **changes))

    def with_schedule(self, schedule: NoiseSchedule) -> Model:
        """A handle to the same weights that is sampled by another noise schedule."""
        return replace(self, schedule=schedule)

    def memory_parts(self) -> Iterator[tuple[Hashable, int]]:
        """The weights, which all handles to the network share, and patches, for caches that add up bytes."""
        yield from memory_parts(self.network)
        yield from self.patches.memory_parts()


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
