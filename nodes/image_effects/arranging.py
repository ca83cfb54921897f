"""Pictures beside one another, in frames, and within a size."""

from typing import Annotated, Literal

import torch

from execution.fields import Choices, Help, Optional, Range
from execution.node import node
from models.image_effects.arranging import Direction, framed, stitched
from models.resize import ImageMethod
from nodes.image_scale import resized
from nodes.types import MAX_SIDE, Image, Side

GAP_COLOURS = {
    "white": (1.0, 1.0, 1.0), "black": (0.0, 0.0, 0.0), "red": (1.0, 0.0, 0.0), "green": (0.0, 1.0, 0.0),
    "blue": (0.0, 0.0, 1.0),
}  # fmt: skip
METHODS: tuple[ImageMethod, ...] = ("area", "lanczos", "bilinear", "nearest-exact", "bilinear", "bicubic")
"""As graphs count them: one of them twice."""


@node("ImageStitch", category="image/transform", display_name="Image Stitch")
def image_stitch(
    *,
    image1: Annotated[Image, Help("The first pictures.")],
    direction: Annotated[Direction, Help("On which side of the first ones the second ones go.")] = "right",
    match_image_size: Annotated[
        bool, Help("Resize the second ones to the touching side; otherwise the shorter side is filled up.")
    ] = True,
    spacing_width: Annotated[int, Range(0, 1024, step=2), Help("Pixels between them; odd ones are rounded up.")] = 0,
    spacing_color: Annotated[
        Literal["white", "black", "red", "green", "blue"],
        Help("What is between them. Sides that are filled up become white with white, else black."),
    ] = "white",
    image2: Annotated[Image | None, Optional(), Help("The second pictures; without them nothing changes.")] = None,
) -> Image:
    """Put pictures beside or below one another. A shorter batch goes on with its last picture."""
    if image2 is None:
        return image1
    gap = torch.tensor(GAP_COLOURS[spacing_color])
    width = spacing_width + spacing_width % 2
    return stitched(image1, image2, direction, gap, width, resized=match_image_size)


@node("ResizeAndPadImage", category="image/transform", display_name="ResizeAndPadImage")
def resize_and_pad_image(
    *,
    image: Annotated[Image, Help("The pictures to frame.")],
    target_width: Annotated[Side, Help("Width of the result, in pixels.")] = 512,
    target_height: Annotated[Side, Help("Height of the result, in pixels.")] = 512,
    padding_color: Annotated[Literal["white", "black"], Help("What is beside the pictures.")],
    interpolation: Annotated[
        Literal["area", "bicubic", "nearest-exact", "bilinear", "lanczos"], Help("How pixels in between are made.")
    ],
) -> Image:
    """Resize pictures to fit a size in their own proportions, and fill up what is left at two of the sides."""
    return framed(image, target_width, target_height, 1.0 if padding_color == "white" else 0.0, interpolation)


@node("ImageScaleToMaxDimension", category="image/upscaling", display_name="ImageScaleToMaxDimension")
def image_scale_to_max_dimension(
    *,
    image: Annotated[Image, Help("The pictures to resize.")],
    upscale_method: Annotated[ImageMethod, Choices(METHODS), Help("How pixels between the old ones are made.")],
    largest_size: Annotated[
        int, Range(0, MAX_SIDE, step=1), Help("The longer side of the result, in pixels; 0 changes nothing.")
    ] = 512,
) -> Image:
    """Resize pictures so that their longer side has a length, keeping their proportions."""
    if not largest_size:
        return image
    height, width = image.shape[1:3]
    if height > width:
        new_height, new_width = largest_size, max(1, round(width / height * largest_size))
    else:
        new_height, new_width = max(1, round(height / width * largest_size)), largest_size
    return resized(image, new_width, new_height, upscale_method)
