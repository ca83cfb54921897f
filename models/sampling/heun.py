"""Heun's method: look ahead, then step with the mean of the slopes here and there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.sampling.steps import Step, intervals, slope

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

    from models.sampling.steps import Denoiser


def heun(denoise: Denoiser, x: torch.Tensor, sigmas: torch.Tensor) -> Iterator[Step]:
    """Second order, two calls a step (Karras et al. 2022, algorithm 1 without churn); the last step is Euler's."""
    for i, sigma, sigma_next in intervals(sigmas):
        denoised = denoise(x, sigma)
        here = slope(x, denoised, sigma)
        ahead = x + here * (sigma_next - sigma)
        if sigma_next:
            there = slope(ahead, denoise(ahead, sigma_next), sigma_next)
            x = x + (here + there) / 2 * (sigma_next - sigma)
        else:
            x = ahead
        yield Step(i, len(sigmas) - 1, sigma_next, x, denoised)


def heunpp2(denoise: Denoiser, x: torch.Tensor, sigmas: torch.Tensor) -> Iterator[Step]:
    """Heun++: look up to two levels ahead and weight each slope by its noise level, so that the unreliable slopes at
    low noise count little. The weights are levels relative to the run's first. No paper is known; the method is from
    Carzit's sampler collection.

    The last step is Euler's, the one before it looks one level ahead.
    """
    levels = sigmas.tolist()
    for i, sigma, sigma_next in intervals(sigmas):
        denoised = denoise(x, sigma)
        slopes = [slope(x, denoised, sigma)]
        ahead, at = x, sigma
        for level in levels[i + 1 : i + 3]:
            if level == levels[-1]:
                break
            ahead = ahead + slopes[-1] * (level - at)
            at = level
            slopes.append(slope(ahead, denoise(ahead, level), level))
        weights = [level / (len(slopes) * levels[0]) for level in levels[i + 1 : i + len(slopes)]]
        direction = slopes[0] * (1 - sum(weights))
        for weight, there in zip(weights, slopes[1:], strict=True):
            direction = direction + there * weight
        x = x + direction * (sigma_next - sigma)
        yield Step(i, len(sigmas) - 1, sigma_next, x, denoised)
