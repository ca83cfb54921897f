"""Pictures as batches: blank ones, joining, taking out, repeating, re-dividing."""

from typing import Annotated, NamedTuple

import torch

from execution.fields import Default, Help, Name, Range
from execution.node import NodeInputError, node
from nodes.hidden import UniqueId
from nodes.image_scale import resized
from nodes.types import BatchCount, Colour, Image, Side

Source = Annotated[Image, Help("The batch of pictures.")]


def channels_matched(a: torch.Tensor, b: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Two batches [B, H, W, C] with as many channels as the richer one; what is added is opaque."""
    count = max(a.shape[-1], b.shape[-1])
    return _with_channels(a, count), _with_channels(b, count)


def _with_channels(images: torch.Tensor, count: int) -> torch.Tensor:
    return torch.nn.functional.pad(images, (0, count - images.shape[-1]), value=1.0)


@node("EmptyImage", category="image")
def empty_image(
    *,
    width: Annotated[Side, Help("Width, in pixels.")] = 512,
    height: Annotated[Side, Help("Height, in pixels.")] = 512,
    batch_size: Annotated[BatchCount, Help("How many pictures.")] = 1,
    color: Annotated[Colour, Help("The colour as a number: red * 65536 + green * 256 + blue, each 0 to 255.")] = 0,
) -> Image:
    """Pictures of one colour."""
    rgb = torch.tensor([color >> 16 & 255, color >> 8 & 255, color & 255]) / 255
    return rgb.repeat(batch_size, height, width, 1)


@node("ImageBatch", category="image", display_name="Batch Images")
def image_batch(
    *,
    image1: Annotated[Image, Help("The first pictures; their size holds for all.")],
    image2: Annotated[Image, Help("The pictures that follow them, cut and resized to fit.")],
) -> Image:
    """Join two batches of pictures."""
    first, second = channels_matched(image1, image2)
    if first.shape[1:3] != second.shape[1:3]:
        second = resized(second, first.shape[2], first.shape[1], "bilinear", "center")
    return torch.cat((first, second))


@node("ImageFromBatch", category="image/batch")
def image_from_batch(
    *,
    image: Source,
    batch_index: Annotated[int, Range(0, 4095), Help("The first one to take, from 0.")] = 0,
    length: Annotated[int, Range(1, 4096), Help("How many to take.")] = 1,
) -> Image:
    """Take pictures out of a batch."""
    first = min(batch_index, image.shape[0] - 1)
    return image[first : first + length].clone()


@node("RepeatImageBatch", category="image/batch")
def repeat_image_batch(
    *, image: Source, amount: Annotated[BatchCount, Help("How many times it follows itself.")] = 1
) -> Image:
    """Repeat a batch of pictures."""
    return image.repeat(amount, 1, 1, 1)


@node("RebatchImages", category="image/batch", display_name="Rebatch Images")
def rebatch_images(
    *,
    images: Annotated[list[Image], Help("Batches of pictures, of any sizes.")],
    batch_size: Annotated[list[int], Range(1, 4096), Default(1), Help("The largest number of pictures in a batch.")],
) -> list[Image]:
    """Split and join batches so that each holds as many pictures as said. Unlike sizes cannot share a batch."""
    singles = [batch[index : index + 1] for batch in images for index in range(batch.shape[0])]
    groups = [singles[start : start + batch_size[0]] for start in range(0, len(singles), batch_size[0])]
    for group in groups:
        shapes = {tuple(picture.shape[1:]) for picture in group}
        if len(shapes) > 1:
            raise NodeInputError(
                "images",
                f"Pictures of the sizes {sorted(shapes)} cannot share a batch. Resize them, or set batch_size 1.",
            )
    return [torch.cat(group) for group in groups]


class ImageSize(NamedTuple):
    """How large a batch of pictures is."""

    width: Annotated[int, Name("width")]
    height: Annotated[int, Name("height")]
    batch_size: Annotated[int, Name("batch_size")]


@node("GetImageSize", category="image", display_name="Get Image Size")
def get_image_size(*, image: Source, unique_id: UniqueId = None) -> ImageSize:
    """Width and height of pictures in pixels, and how many there are."""
    del unique_id
    return ImageSize(image.shape[2], image.shape[1], image.shape[0])
