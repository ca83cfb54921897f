"""Changing pictures: inverting, cutting, mirroring, padding, laying one over another."""

from typing import Annotated, Literal

import torch

from execution.fields import Help, Range
from execution.node import node
from models.compositing import composite
from models.outpainting import pad_for_outpaint
from nodes.image_files import ImageAndMask
from nodes.types import MAX_SIDE, Aligned, Image, Mask, Position, Side

Source = Annotated[Image, Help("The pictures to change.")]


@node("ImageInvert", category="image", display_name="Invert Image")
def image_invert(*, image: Source) -> Image:
    """The negative of pictures."""
    return 1.0 - image


@node("ImageCrop", category="image/transform", display_name="Image Crop")
def image_crop(
    *,
    image: Source,
    width: Annotated[Side, Help("Width of the part, in pixels.")] = 512,
    height: Annotated[Side, Help("Height of the part, in pixels.")] = 512,
    x: Annotated[Position, Help("Left side of the part, in pixels.")] = 0,
    y: Annotated[Position, Help("Top of the part, in pixels.")] = 0,
) -> Image:
    """Cut a rectangle out of pictures; one pixel at least remains."""
    left, top = min(x, image.shape[2] - 1), min(y, image.shape[1] - 1)
    return image[:, top : top + height, left : left + width]


@node("ImageFlip", category="image/transform")
def image_flip(
    *,
    image: Source,
    flip_method: Annotated[
        Literal["x-axis: vertically", "y-axis: horizontally"], Help("Swap top and bottom, or left and right.")
    ],
) -> Image:
    """Mirror pictures."""
    return image.flip(1 if flip_method.startswith("x") else 2)


@node("ImageRotate", category="image/transform")
def image_rotate(
    *,
    image: Source,
    rotation: Annotated[Literal["none", "90 degrees", "180 degrees", "270 degrees"], Help("Clockwise.")],
) -> Image:
    """Turn pictures clockwise."""
    quarters = 0 if rotation == "none" else int(rotation.split()[0]) // 90
    return image.rot90(quarters, (2, 1))


@node("ImagePadForOutpaint", category="image", display_name="Pad Image for Outpainting")
def image_pad_for_outpaint(
    *,
    image: Source,
    left: Annotated[Aligned, Help("Pixels to add at the left.")] = 0,
    top: Annotated[Aligned, Help("Pixels to add at the top.")] = 0,
    right: Annotated[Aligned, Help("Pixels to add at the right.")] = 0,
    bottom: Annotated[Aligned, Help("Pixels to add at the bottom.")] = 0,
    feathering: Annotated[
        int, Range(0, MAX_SIDE, step=1), Help("Over how many pixels the mask reaches softly into the picture.")
    ] = 40,
) -> ImageAndMask:
    """Add grey borders to pictures, and a mask of what to draw there."""
    padded, mask = pad_for_outpaint(image, left, top, right, bottom, feathering)
    return ImageAndMask(padded, mask[None])


@node("ImageCompositeMasked", category="image")
def image_composite_masked(
    *,
    destination: Annotated[Image, Help("What lies below.")],
    source: Annotated[Image, Help("What is laid over it.")],
    x: Annotated[Position, Help("Where its left side goes, in pixels.")] = 0,
    y: Annotated[Position, Help("Where its top goes, in pixels.")] = 0,
    resize_source: Annotated[bool, Help("Stretch it to the size of the destination first.")] = False,
    mask: Annotated[Mask | None, Help("Where it shows: 1 fully, 0 not at all; stretched over it.")] = None,
) -> Image:
    """Lay pictures over others through a mask. The result has the channels of the destination."""
    channels = destination.shape[-1]
    fitted = torch.nn.functional.pad(source[..., :channels], (0, max(0, channels - source.shape[-1])), value=1.0)
    pasted = composite(destination.movedim(-1, 1), fitted.movedim(-1, 1), x, y, mask, resize_source=resize_source)
    return pasted.movedim(1, -1)
