"""The size of pictures."""

import math
from typing import Annotated

import torch

from execution.fields import Help, Range
from execution.node import node
from models.resize import Crop, ImageMethod, resize
from nodes.types import Image, Position

Source = Annotated[Image, Help("The pictures to resize.")]
Method = Annotated[
    ImageMethod, Help("How pixels between the old ones are made; lanczos is sharpest, area for shrinking.")
]


def resized(
    images: torch.Tensor, width: int, height: int, method: ImageMethod, crop: Crop = "disabled"
) -> torch.Tensor:
    """Pictures [B, H, W, C] at another size."""
    return resize(images.movedim(-1, 1), width, height, method, crop).movedim(1, -1)


@node("ImageScale", category="image/upscaling", display_name="Upscale Image")
def image_scale(
    *,
    image: Source,
    upscale_method: Method,
    width: Annotated[Position, Help("New width in pixels; 0 keeps the proportions.")] = 512,
    height: Annotated[Position, Help("New height in pixels; 0 keeps the proportions. Both 0: nothing changes.")] = 512,
    crop: Annotated[Crop, Help("center: cut to the new shape instead of stretching.")],
) -> Image:
    """Resize pictures to a size in pixels."""
    if not width and not height:
        return image
    old_height, old_width = image.shape[1:3]
    width, height = (
        width or max(1, round(old_width * height / old_height)),
        height or max(1, round(old_height * width / old_width)),
    )
    return resized(image, width, height, upscale_method, crop)


@node("ImageScaleBy", category="image/upscaling", display_name="Upscale Image By")
def image_scale_by(
    *,
    image: Source,
    upscale_method: Method,
    scale_by: Annotated[float, Range(0.01, 8, step=0.01), Help("Factor for both sides.")] = 1.0,
) -> Image:
    """Resize pictures by a factor."""
    return _scaled(image, upscale_method, scale_by)


@node("ImageScaleToTotalPixels", category="image/upscaling")
def image_scale_to_total_pixels(
    *,
    image: Source,
    upscale_method: Method,
    megapixels: Annotated[
        float, Range(0.01, 16, step=0.01), Help("Pixels of the result, in units of 1024 x 1024.")
    ] = 1.0,
) -> Image:
    """Resize pictures to a number of pixels, keeping their proportions."""
    height, width = image.shape[1:3]
    return _scaled(image, upscale_method, math.sqrt(int(megapixels * 1024 * 1024) / (width * height)))


def _scaled(image: torch.Tensor, method: ImageMethod, factor: float) -> torch.Tensor:
    height, width = (max(1, round(side * factor)) for side in image.shape[1:3])
    return resized(image, width, height, method)
