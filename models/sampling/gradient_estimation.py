"""Gradient estimation (Permenter & Yuan 2023, "Interpreting and Improving Diffusion Models from an Optimization
Perspective", arXiv 2306.04848): the last two slopes together estimate the true one better than either."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.sampling.steps import Step, intervals, slope

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

    from models.sampling.steps import Denoiser


def gradient_estimation(
    denoise: Denoiser, x: torch.Tensor, sigmas: torch.Tensor, *, gamma: float = 2.0
) -> Iterator[Step]:
    """Euler's method along `gamma * slope + (1 - gamma) * previous slope` (algorithm 2)."""
    previous: torch.Tensor | None = None
    for i, sigma, sigma_next in intervals(sigmas):
        denoised = denoise(x, sigma)
        here = slope(x, denoised, sigma)
        if not sigma_next:
            x = denoised
        else:
            better = here if previous is None else gamma * here + (1 - gamma) * previous
            x = x + better * (sigma_next - sigma)
        previous = here
        yield Step(i, len(sigmas) - 1, sigma_next, x, denoised)


def gradient_estimation_cfg_pp(
    denoise: Denoiser, x: torch.Tensor, sigmas: torch.Tensor, *, gamma: float = 2.0
) -> Iterator[Step]:
    """The same with the slopes of the unconditional prediction around a step of CFG++ (arXiv 2406.08070)."""
    previous: torch.Tensor | None = None
    for i, sigma, sigma_next in intervals(sigmas):
        denoised, uncond = denoise.pair(x, sigma)
        here = slope(x, uncond, sigma)
        x = denoised + here * sigma_next
        if sigma_next and previous is not None:
            x = x + (gamma - 1) * (here - previous) * (sigma_next - sigma)
        previous = here
        yield Step(i, len(sigmas) - 1, sigma_next, x, denoised)
