"""The label vector `y` that an SDXL network is given beside the prompt's tokens.

It joins the pooled text embedding with sinusoids of a few numbers, 256 values each (Podell et al. 2023, SDXL,
section 2.2): the base model learned the size of the training picture, where it was cropped and the size wanted, the
refiner has an aesthetic score in place of the last.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

from models.sdxl.image_prompt import OPTION, ImagePrompt, image_vector
from models.sdxl.unet import timestep_embedding

if TYPE_CHECKING:
    from models.types import Model

EMBEDDING_WIDTH = 256  # values for each number
PIXELS = 8  # of a picture's side for each value of a latent's side
AESTHETIC_SCORE = 6.0
AESTHETIC_SCORE_NEGATIVE = 2.5
MERGED_NOISE = 0.05  # of several pictures together, for the networks that were made for pictures


def label_vector(
    model: Model, options: Mapping[str, Any], *, latent_size: tuple[int, int], negative: bool, seed: int = 0
) -> torch.Tensor | None:
    """Return float32 [B, adm_channels] for one conditioning's `options`, or None for a network that takes none.

    Numbers that the conditioning does not give follow from the latent's (height, width): the picture is as large as it
    was trained on, uncropped. A missing `pooled_output` [B, P] counts as zeros. Pictures (`models.sdxl.image_prompt`)
    take its place, with noise from `seed`. Raises ValueError when either has a width that the network was not made for.
    """
    if not model.config.adm_channels:
        return None
    pictures = [ImagePrompt.from_option(one) for one in options.get(OPTION, ())]
    if model.family == "sd21":
        return _of_pictures_alone(model, pictures, seed, options.get("unclip_noise_augment_merge", MERGED_NOISE))
    numbers = _refiner_numbers if model.family == "sdxl_refiner" else _base_numbers
    values = torch.tensor(numbers(options, latent_size[0] * PIXELS, latent_size[1] * PIXELS, negative))
    sizes = timestep_embedding(values, EMBEDDING_WIDTH).flatten()
    pooled_width = model.config.adm_channels - len(sizes)
    pooled = options.get("pooled_output")
    if pictures:
        pooled = image_vector(pictures, pooled_width, seed, 0.0)[:, :pooled_width]
    if pooled is None:
        pooled = torch.zeros(1, pooled_width)
    if pooled.shape[-1] != pooled_width:
        raise ValueError(
            f"The conditioning's pooled text embedding has {pooled.shape[-1]} values, this model takes {pooled_width}. "
            "Encode the prompt with the text encoders (CLIP) that belong to the model."
        )
    return torch.cat([pooled.float().cpu(), sizes.expand(len(pooled), -1)], dim=1)


def _of_pictures_alone(model: Model, pictures: list[ImagePrompt], seed: int, merged: float) -> torch.Tensor:
    """The label of Stable unCLIP 2.1, which has no text in it; zeros where there is no picture either."""
    if not pictures:
        return torch.zeros(1, model.config.adm_channels)
    return image_vector(pictures, model.config.adm_channels // 2, seed, merged, model.image_statistics)


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
