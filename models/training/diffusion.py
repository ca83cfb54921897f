"""Noise levels, loss weights and a plain sampler for training's own use.

SDXL's discrete diffusion (Ho et al., arXiv 2006.11239): 1000 steps, betas the squares of a line from
sqrt(0.00085) to sqrt(0.012), the network predicts the noise.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import torch
from torch import Tensor

STEPS = 1000
_BETAS = torch.linspace(0.00085**0.5, 0.012**0.5, STEPS, dtype=torch.float64).square()
ALPHAS = torch.cumprod(1 - _BETAS, 0).float()  # share of the picture's variance that is left at each timestep


def snr_weight(timesteps: Tensor, least: float) -> Tensor:
    """Weight of the squared error of predicted noise: min(SNR + 1, 5) / SNR, kept in `least`..60.

    Min-SNR (Hang et al., arXiv 2303.09556) with more at high noise, where the prompt decides colours and shapes.
    """
    snr = ALPHAS[timesteps] / (1 - ALPHAS[timesteps])
    return ((snr + 1).clamp(max=5) / snr).clamp(least, 60)


def add_noise(latents: Tensor, noise: Tensor, timesteps: Tensor) -> Tensor:
    """Latents of unit variance at the noise level of `timesteps` [B], of unit variance again."""
    alphas = ALPHAS[timesteps][:, None, None, None]
    return alphas.sqrt() * latents + (1 - alphas).sqrt() * noise


def euler_sigmas(steps: int) -> Tensor:
    """Noise levels sigma of `steps` Euler steps from timestep 999 to 0, evenly spaced in time, and a last 0."""
    timesteps = torch.linspace(STEPS - 1, 0, steps).round().long()
    return torch.cat([((1 - ALPHAS[timesteps]) / ALPHAS[timesteps]).sqrt(), torch.zeros(1)])


def euler(predict: Callable[[Tensor, Tensor], Tensor], noise: Tensor, sigmas: Tensor) -> Tensor:
    """Follow the probability-flow equation (Karras et al., arXiv 2206.00364, algorithm 1 without churn).

    `predict(x, timesteps [B])` gives the noise in `x` of unit variance. `noise` is the state at `sigmas[0]`,
    of variance sigma^2 + 1. Returns latents at `sigmas[-1]`.
    """
    state = noise
    table = ((1 - ALPHAS) / ALPHAS).sqrt()
    for sigma, following in itertools.pairwise(sigmas):
        timestep = (table - sigma).abs().argmin().expand(len(state))
        epsilon = predict(state / (sigma.square() + 1).sqrt(), timestep)
        state = state + epsilon * (following - sigma)
    return state
