"""What a network's answer means: from its output for a noisy latent to the clean latent behind it.

Latents are kept as x = clean + sigma * noise (Karras et al. 2022, arXiv 2206.00364, "variance exploding"), whatever
the network was trained on. `sigma_data` is the deviation that its training took clean latents to have: 1 for the
formulas of DDPM, where noisy latents are scaled to unit variance, 0.5 for EDM's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch

Prediction = Literal["epsilon", "v_prediction", "edm", "x0", "img_to_img", "lcm"]

CONSISTENCY_DATA = 0.5  # deviation of clean latents in the boundary condition of consistency models ...
CONSISTENCY_TIME = 10.0  # ... and what timesteps are multiplied by there (Luo et al. 2023, arXiv 2310.04378)

Denoised = Callable[["torch.Tensor", "torch.Tensor", float, float], "torch.Tensor"]
"""(output, x, sigma, sigma_data) -> the clean latent."""


def from_epsilon(output: torch.Tensor, x: torch.Tensor, sigma: float, _sigma_data: float) -> torch.Tensor:
    """The output is the noise (Ho et al. 2020)."""
    return x - output * sigma


def from_v(output: torch.Tensor, x: torch.Tensor, sigma: float, sigma_data: float) -> torch.Tensor:
    """The output is v = (noise - sigma * clean) / sqrt(1 + sigma^2) (Salimans & Ho 2022, appendix D)."""
    variance = sigma**2 + sigma_data**2
    return x * sigma_data**2 / variance - output * (sigma * sigma_data / math.sqrt(variance))


def from_edm(output: torch.Tensor, x: torch.Tensor, sigma: float, sigma_data: float) -> torch.Tensor:
    """The output is what EDM's preconditioning leaves to the network (Karras et al. 2022, equation 7): minus v."""
    return from_v(-output, x, sigma, sigma_data)


def from_clean(output: torch.Tensor, _x: torch.Tensor, _sigma: float, _sigma_data: float) -> torch.Tensor:
    """The output is the clean latent itself."""
    return output


DENOISED: Mapping[str, Denoised] = MappingProxyType(
    {
        "epsilon": from_epsilon,
        "v_prediction": from_v,
        "edm": from_edm,
        "x0": from_clean,
        "img_to_img": from_clean,
    }
)


def at_the_boundary(clean: torch.Tensor, x: torch.Tensor, timestep: float) -> torch.Tensor:
    """Blend a prediction with x so that a consistency model answers x itself at time 0 (Song et al. 2023, eq. 5)."""
    scaled = timestep * CONSISTENCY_TIME
    variance = scaled**2 + CONSISTENCY_DATA**2
    return clean * (scaled / math.sqrt(variance)) + x * (CONSISTENCY_DATA**2 / variance)
