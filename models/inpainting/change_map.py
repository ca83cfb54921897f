"""Soft masks as maps of how much each point may change.

Levin & Fried, "Differential Diffusion: Giving Each Pixel Its Strength" (arXiv 2306.00950): a point takes part in the
denoising from the noise level on that its strength stands for, and is held to the noised picture before. So 0.5
keeps about what image to image with half of the denoising keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from models.sampling.tweaks import MaskedRun


def change_map(run: MaskedRun, sigma: float, strength: float = 1.0) -> torch.Tensor:
    """Return the mask [1 or B, 1, h, w] at noise level `sigma`: 1 where the strength reaches what is left to do.

    What is left falls from 1 at the run's first level to 0 at its last one, or the least that the network knows.
    `strength` (0..1) mixes this hard mask with the soft one as it was drawn, which has it all to itself at 0.
    """
    hard = (run.mask >= left_to_do(run, sigma)).to(run.mask)
    return hard * strength + run.mask * (1 - strength)


def left_to_do(run: MaskedRun, sigma: float) -> float:
    """Return which share of the run's timesteps lies below `sigma`; 1 for a run that has only one."""
    schedule = run.schedule
    first = schedule.timestep(run.sigmas[0].item())
    last = schedule.timestep(max(run.sigmas[-1].item(), schedule.sigma_min))
    return (schedule.timestep(sigma) - last) / (first - last) if first != last else 1.0
