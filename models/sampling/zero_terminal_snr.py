"""Schedules whose last timestep holds no signal, so that models learn to begin with pure noise."""

from __future__ import annotations

import torch

LAST_SIGNAL = 4.8973451890853435e-08  # share of signal at the last step: 0 would divide by 0


def zero_terminal_snr(alphas_cumprod: torch.Tensor) -> torch.Tensor:
    """The schedule [T] shifted and scaled so that the last step holds no signal (Lin et al., arXiv 2305.08891, 3.1)."""
    roots = alphas_cumprod.sqrt()
    rescaled = ((roots - roots[-1]) * (roots[0] / (roots[0] - roots[-1]))) ** 2
    rescaled[-1] = LAST_SIGNAL
    return rescaled
