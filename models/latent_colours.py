"""The linear map from a latent's channels to red, green and blue, learned from the VAE itself.

A KL autoencoder's latent is nearly a small picture: the mean colour of 8 x 8 pixels is, to a good part, a linear
function of the four values in its place. Which one, least squares over a few made-up pictures tells for any VAE.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from models.types import Vae
from models.vae_codec import encode_image

PICTURES = 8
SIDE = 128  # pixels: small enough to be encoded in a moment, large enough for the attention in the VAE
COARSE, FINE = 4, 16  # colours along a side of a made-up picture: large areas, and details within them
DETAIL = 0.3  # how strong details are
SEED = 8


@dataclass(frozen=True)
class Colours:
    """What a latent's values mean for the eye."""

    weights: Tensor  # [C, 3]
    bias: Tensor  # [3]

    def picture(self, latent: Tensor) -> Tensor:
        """[C, h, w] -> [h, w, 3] in 0..1, in main memory."""
        flat = latent.detach().float().cpu().permute(1, 2, 0)
        return (flat @ self.weights + self.bias).clamp(0, 1)

    def numbers(self) -> list[list[float]]:
        """The weights' rows, then the bias; what `from_numbers` takes."""
        return [*self.weights.tolist(), self.bias.tolist()]

    @classmethod
    def from_numbers(cls, numbers: list[list[float]]) -> Colours:
        """Colours kept as text.

        Raises:
            ValueError: the numbers are none of a map to three colours.
        """
        try:
            rows = torch.tensor(numbers, dtype=torch.float32)
        except (TypeError, RuntimeError) as error:
            raise ValueError("These are no rows of numbers.") from error
        if rows.ndim != 2 or rows.shape[0] < 2 or rows.shape[1] != 3:
            raise ValueError("A map from latents to colours has three numbers in each of its rows.")
        return cls(rows[:-1], rows[-1])


def fit(vae: Vae) -> Colours:
    """The colours that say best what a VAE makes of made-up pictures; plain grey for one that makes no numbers."""
    pictures = made_up_pictures()
    latents = encode_image(vae, pictures)  # [B, C, h, w]
    values = latents.permute(0, 2, 3, 1).reshape(-1, latents.shape[1])
    if not torch.isfinite(values).all():
        return Colours(torch.zeros(values.shape[1], 3), torch.full((3,), 0.5))
    scale = SIDE // latents.shape[-1]
    seen = F.avg_pool2d(pictures.permute(0, 3, 1, 2), scale).permute(0, 2, 3, 1).reshape(-1, 3)
    design = torch.cat([values, torch.ones(len(values), 1)], dim=1).double()
    solution = torch.linalg.lstsq(design, seen.double()).solution.float()
    return Colours(solution[:-1], solution[-1])


def made_up_pictures() -> Tensor:
    """Soft areas of random colours with details in them, [B, H, W, 3] in 0..1; always the same."""
    generator = torch.Generator().manual_seed(SEED)
    areas = torch.rand(PICTURES, 3, COARSE, COARSE, generator=generator)
    details = torch.randn(PICTURES, 3, FINE, FINE, generator=generator) * DETAIL
    both = sum(F.interpolate(part, size=(SIDE, SIDE), mode="bilinear") for part in (areas, details))
    assert isinstance(both, Tensor)
    return both.clamp(0, 1).permute(0, 2, 3, 1).contiguous()
