"""The label vector `y` that an SDXL network is given beside the prompt's tokens.

It joins the pooled text embedding with sinusoids of a few numbers, 256 values each (Podell et al. 2023, SDXL,
section 2.2): the base model learned the size of the training picture, where it was cropped and the size wanted, the
refiner has an aesthetic score in place of the last.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

from models.sdxl.unet import timestep_embedding

if TYPE_CHECKING:
    from models.types import Model

EMBEDDING_WIDTH = 256  # values for each number
PIXELS = 8  # of a picture's side for each value of a latent's side
AESTHETIC_SCORE = 6.0
AESTHETIC_SCORE_NEGATIVE = 2.5


def label_vector(
    model: Model, options: Mapping[str, Any], *, latent_size: tuple[int, int], negative: bool
) -> torch.Tensor | None:
    """Return float32 [B, adm_channels] for one conditioning's `options`, or None for a network that takes none.

    Numbers that the conditioning does not give follow from the latent's (height, width): the picture is as large as it
    was trained on, uncropped. A missing `pooled_output` [B, P] counts as zeros. Raises ValueError when it has a width
    that the network was not made for.
    """
    if not model.config.adm_channels:
        return None
    numbers = _refiner_numbers if model.family == "sdxl_refiner" else _base_numbers
    values = torch.tensor(numbers(options, latent_size[0] * PIXELS, latent_size[1] * PIXELS, negative))
    sizes = timestep_embedding(values, EMBEDDING_WIDTH).flatten()
    pooled_width = model.config.adm_channels - len(sizes)
    pooled = options.get("pooled_output")
    if pooled is None:
        pooled = torch.zeros(1, pooled_width)
    if pooled.shape[-1] != pooled_width:
        raise ValueError(
            f"The conditioning's pooled text embedding has {pooled.shape[-1]} values, this model takes {pooled_width}. "
            "Encode the prompt with the text encoders (CLIP) that belong to the model."
        )
    return torch.cat([pooled.float().cpu(), sizes.expand(len(pooled), -1)], dim=1)


def _base_numbers(options: Mapping[str, Any], height: int, width: int, _negative: bool) -> list[float]:
    height, width = options.get("height", height), options.get("width", width)
    return [
        height,
        width,
        options.get("crop_h", 0),
        options.get("crop_w", 0),
        options.get("target_height", height),
        options.get("target_width", width),
    ]


def _refiner_numbers(options: Mapping[str, Any], height: int, width: int, negative: bool) -> list[float]:
    return [
        options.get("height", height),
        options.get("width", width),
        options.get("crop_h", 0),
        options.get("crop_w", 0),
        options.get("aesthetic_score", AESTHETIC_SCORE_NEGATIVE if negative else AESTHETIC_SCORE),
    ]
