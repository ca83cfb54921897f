"""What every sampler shares: the steps it yields, the denoiser it asks, and a few formulas.

A sampler is a generator `sampler(denoise, x, sigmas, ...)`. It takes a latent `x` with noise of level `sigmas[0]` and
yields once for every level after that; the `x` of the last step is the result. Whoever runs it may
stop at any step by not asking for the next one. All of them solve, in one way or another,

    dx / dsigma = (x - D(x, sigma)) / sigma        (Karras et al. 2022, equation 1)

with or without a part that adds fresh noise on the way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch


@dataclass(frozen=True, eq=False)
class Step:
    """One finished step of a run."""

    index: int  # 0 .. total - 1
    total: int
    sigma: float  # the noise level of `x`
    x: torch.Tensor  # [B, C, h, w], the latent after the step
    denoised: torch.Tensor  # [B, C, h, w], the clean latent as last predicted


class Prediction(NamedTuple):
    """A guided prediction and the unguided one it was made from, both clean latents [B, C, h, w]."""

    denoised: torch.Tensor
    uncond: torch.Tensor


class Denoiser(Protocol):
    """Predicts the clean latent behind a noisy one."""

    def __call__(self, x: torch.Tensor, sigma: float) -> torch.Tensor:
        """Return the guided prediction."""
        ...

    def pair(self, x: torch.Tensor, sigma: float) -> Prediction:
        """Return the guided prediction and the unconditional one, whatever the scale of guidance."""
        ...


def intervals(sigmas: torch.Tensor) -> Iterator[tuple[int, float, float]]:
    """Yield (index, from, to) for each step. Levels are Python floats, so that formulas cost no device time."""
    levels = sigmas.tolist()
    yield from zip(range(len(levels)), levels, levels[1:], strict=False)


def slope(x: torch.Tensor, denoised: torch.Tensor, sigma: float) -> torch.Tensor:
    """Return dx/dsigma at `x`: the noise in it, at unit variance."""
    return (x - denoised) / sigma


def split_ancestral(sigma: float, sigma_next: float, eta: float = 1.0) -> tuple[float, float]:
    """Return (down, up): step from `sigma` to `down`, then add noise of level `up`, and arrive at `sigma_next`.

    `eta` 0 gives the deterministic step, 1 the ancestral step of DDPM (Ho et al. 2020; Song et al. 2020, DDIM, eq. 16).
    """
    if not eta:
        return sigma_next, 0.0
    up = min(sigma_next, eta * sigma_next * math.sqrt(max(sigma**2 - sigma_next**2, 0.0)) / sigma)
    return math.sqrt(sigma_next**2 - up**2), up
