"""Transparency: pictures with a fourth channel, and masks in its place."""

from typing import Annotated

import torch

from execution.fields import Help
from execution.node import node
from models.compositing import as_mask
from nodes.image_files import ImageAndMask
from nodes.types import Image, Mask


@node("SplitImageWithAlpha", category="mask/compositing", display_name="Split Image with Alpha")
def split_image_with_alpha(*, image: Annotated[Image, Help("Pictures, with or without transparency.")]) -> ImageAndMask:
    """The colours of pictures, and a mask that is 1 where they are transparent."""
    opacity = image[..., 3] if image.shape[-1] > 3 else image.new_ones(image.shape[:3])
    return ImageAndMask(image[..., :3], 1.0 - opacity)


@node("JoinImageWithAlpha", category="mask/compositing", display_name="Join Image with Alpha")
def join_image_with_alpha(
    *,
    image: Annotated[Image, Help("The pictures.")],
    alpha: Annotated[Mask, Help("Where they become transparent: 1 fully. Stretched over the pictures.")],
) -> Image:
    """Make pictures transparent where a mask says; of unlike batches as many as the smaller one has."""
    count = min(image.shape[0], alpha.reshape(-1, *alpha.shape[-2:]).shape[0])
    height, width = image.shape[1:3]
    opacity = 1.0 - as_mask(alpha, (height, width))[:count, 0, ..., None]
    return torch.cat((image[:count, ..., :3], opacity), dim=-1)
