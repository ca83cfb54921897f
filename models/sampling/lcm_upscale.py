"""The consistency sampler on latents that grow from step to step, so that a large picture begins as a small one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from models.resize import LatentMethod, resize
from models.sampling.noise import following_noise
from models.sampling.steps import Step, intervals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from models.sampling.noise import Seeds
    from models.sampling.steps import Denoiser


def lcm_upscale(
    denoise: Denoiser,
    x: torch.Tensor,
    sigmas: torch.Tensor,
    seed: Seeds,
    *,
    scale_ratio: float = 1.0,
    scale_steps: int | None = None,
    method: LatentMethod = "bislerp",
) -> Iterator[Step]:
    """Predict the clean latent, enlarge it, and noise it afresh for the next level.

    The size reaches `scale_ratio` times that of `x` [B, C, h, w] after `scale_steps` steps, or half of all. Noise
    goes on where the run's first noise, drawn from the same seed, ended.
    """
    steps = len(sigmas) - 1
    growing = min(max(len(sigmas) // 2, 1) if scale_steps is None else scale_steps, len(sigmas))
    ratios = torch.linspace(1, scale_ratio, growing + 1, dtype=torch.float64)[1:].tolist()
    height, width = x.shape[-2:]
    noise = following_noise(x.shape, seed)
    for i, sigma, sigma_next in intervals(sigmas):
        x = denoised = denoise(x, sigma)
        if i < len(ratios):
            x = resize(x, max(1, round(width * ratios[i])), max(1, round(height * ratios[i])), method)
        if sigma_next:
            x = x + noise(x.shape).to(x) * sigma_next
        yield Step(i, steps, sigma_next, x, denoised)
