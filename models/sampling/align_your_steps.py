"""Noise levels optimised for ten steps, and for other numbers of steps from them (Sabour et al. 2024, "Align Your
Steps: Optimizing Sampling Schedules in Diffusion Models", arXiv 2404.14507, and the quickstart guide of its page)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

import numpy as np
import torch

from models.sampling.noise_schedule import scaled_linear_alphas_cumprod

AlignedModel = Literal["SD1", "SDXL", "SVD"]

# The guide gives the schedules of discrete models as timesteps ...
TIMESTEPS: Mapping[str, Sequence[int]] = MappingProxyType(
    {
        "SD1": (999, 850, 736, 645, 545, 455, 343, 233, 124, 24, 0),
        "SDXL": (999, 845, 730, 587, 443, 310, 193, 116, 53, 13, 0),
    }
)
# ... and that of Stable Video Diffusion, which knows any level, as noise levels
VIDEO_LEVELS = (700.0, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.002)


def aligned_levels(model: AlignedModel, steps: int, denoise: float = 1.0) -> torch.Tensor:
    """Return falling float32 levels that end in 0: those of the last round(`steps` * `denoise`) of `steps`."""
    if model == "SVD":
        levels: Sequence[float] = VIDEO_LEVELS
    else:
        alphas_cumprod = scaled_linear_alphas_cumprod()[list(TIMESTEPS[model])]
        levels = ((1 - alphas_cumprod) / alphas_cumprod).sqrt().tolist()
    return stretched(levels, steps, denoise)


def stretched(levels: Sequence[float], steps: int, denoise: float = 1.0) -> torch.Tensor:
    """Return optimised levels for another number of steps: logarithms are interpolated, the last level becomes 0.

    Of `steps` those are kept that come last, a share `denoise`; none gives no levels at all.
    """
    if denoise <= 0:
        return torch.empty(0)
    if len(levels) != steps + 1:
        known = np.linspace(0, 1, len(levels))
        levels = np.exp(np.interp(np.linspace(0, 1, steps + 1), known, np.log(levels))).tolist()
    sigmas = torch.tensor(levels, dtype=torch.float32)
    sigmas[-1] = 0
    return sigmas[-(round(steps * denoise) + 1) :]
