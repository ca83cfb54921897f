"""Pictures in place of words: CLIP embeddings of pictures as a network's label vector ("unCLIP", "Revision").

Ramesh et al., "Hierarchical Text-Conditional Image Generation with CLIP Latents" (arXiv 2204.06125). Embeddings are
mixed with noise by a cosine schedule (Nichol & Dhariwal, arXiv 2102.09672, equation 17), and the networks that were
trained so (Stable unCLIP 2.1) are told how much; Revision gives the embedding to SDXL in place of the pooled text.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from models.sdxl.unet import timestep_embedding

OPTION = "unclip_conditioning"
"""Among the options of conditioning: a list of mappings as `ImagePrompt.from_option` reads them."""

LEVELS = 1000  # of noise
LARGEST_BETA = 0.999
OFFSET = 0.008  # of the cosine, so that the first levels are not without any noise
SEED_OFFSET = -10  # the embedding's noise shall not be the beginning of the latent's


class SeenPictures(Protocol):
    """What an image encoder said of pictures."""

    @property
    def image_embeds(self) -> Tensor:
        """[B, P]."""
        ...


class ImagePrompt(NamedTuple):
    """Pictures, how strongly they count and how freely they are followed."""

    embeds: Tensor  # [B, P]
    strength: float
    noise: float  # 0..1, share of the noise levels

    @classmethod
    def from_option(cls, option: Mapping[str, Any]) -> ImagePrompt:
        """Read one as conditioning holds it."""
        seen: SeenPictures = option["clip_vision_output"]
        return cls(seen.image_embeds, float(option["strength"]), float(option["noise_augmentation"]))


class Statistics(NamedTuple):
    """Mean and deviation of the embeddings that a network was trained on, each [P]."""

    mean: Tensor
    deviation: Tensor


def level_of(share: float) -> int:
    """The noise level, 0..999, for a share of them. Even level 0 has a little noise."""
    return round((LEVELS - 1) * share)


def cosine_alphas_cumprod() -> Tensor:
    """The share of the embedding's variance that is left at each level, float64 [1000]."""
    steps = torch.arange(LEVELS + 1, dtype=torch.float64) / LEVELS
    signal = torch.cos((steps + OFFSET) / (1 + OFFSET) * (math.pi / 2)) ** 2
    betas = (1 - signal[1:] / signal[:-1]).clamp(max=LARGEST_BETA)
    return (1 - betas).cumprod(0)


def noised(embeds: Tensor, level: int, noise: Tensor, statistics: Statistics | None = None) -> Tensor:
    """Embeddings [B, P] mixed with `noise` [B, P] of unit variance."""
    mean, deviation = statistics or (torch.zeros(()), torch.ones(()))
    kept = cosine_alphas_cumprod()[level].item()
    mixed = math.sqrt(kept) * (embeds - mean) / deviation + math.sqrt(1 - kept) * noise
    return mixed * deviation + mean


def image_vector(
    prompts: Sequence[ImagePrompt], width: int, seed: int, merged: float, statistics: Statistics | None = None
) -> Tensor:
    """The label [1, 2 width] of pictures: their noised embedding, then the sinusoids of its noise level.

    Each picture counts by its strength. Several add up, and the sum is noised once more, `merged` (0..1) strong. The
    noise is drawn on the CPU from `seed`, the same for each picture.

    Raises:
        ValueError: an embedding is not `width` values wide.
    """
    rows: list[Tensor] = []
    generator = torch.Generator()
    for prompt in prompts:
        if prompt.embeds.shape[-1] != width:
            raise ValueError(
                f"The picture's embedding in unCLIPConditioning has {prompt.embeds.shape[-1]} values, this model takes "
                f"{width}. Choose in CLIPVisionLoader the image encoder that belongs to the model (CLIP-G for SDXL)."
            )
        level = level_of(prompt.noise)
        for embed in prompt.embeds.float().cpu():
            generator.manual_seed(seed + SEED_OFFSET)
            noise = torch.randn(1, width, generator=generator)
            rows.append(_labelled(noised(embed[None], level, noise, statistics), level) * prompt.strength)
    if len(rows) == 1:
        return rows[0]
    level = level_of(merged)
    total = torch.stack(rows).sum(0)[:, :width]
    return _labelled(noised(total, level, torch.randn(1, width, generator=generator), statistics), level)


def _labelled(embeds: Tensor, level: int) -> Tensor:
    levels = timestep_embedding(torch.tensor([float(level)]), embeds.shape[-1])
    return torch.cat([embeds, levels], dim=1)
