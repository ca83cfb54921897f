"""Mixing pictures with one another."""

from typing import Annotated, NamedTuple

import torch

from execution.fields import Help
from execution.node import node
from models.compositing import as_mask, fit_batch
from models.image_effects import porter_duff
from models.image_effects.blending import BlendMode, blend
from models.resize import resize
from nodes.image_batch import channels_matched
from nodes.image_scale import resized
from nodes.types import Fraction, Image, Mask


class Composited(NamedTuple):
    """A picture and where it is transparent."""

    IMAGE: Image
    MASK: Mask


@node("ImageBlend", category="image/postprocessing")
def image_blend(
    *,
    image1: Annotated[Image, Help("What lies below; the result has its size and channels.")],
    image2: Annotated[Image, Help("What lies above, cut and resized to fit.")],
    blend_factor: Annotated[Fraction, Help("How much of the blended picture shows.")] = 0.5,
    blend_mode: Annotated[
        BlendMode, Help("How the two are blended. difference is image1 - image2, black where that is negative.")
    ],
) -> Image:
    """Blend pictures by one of the modes that drawing programs have."""
    above = image2
    if above.shape[1:3] != image1.shape[1:3]:
        above = resized(above, image1.shape[2], image1.shape[1], "bicubic", "center")
    below, above = channels_matched(image1, above[..., : image1.shape[-1]])
    count = max(below.shape[0], above.shape[0])
    return blend(fit_batch(below, count), fit_batch(above, count), blend_factor, blend_mode)


@node("PorterDuffImageComposite", category="mask/compositing", display_name="Porter-Duff Image Composite")
def porter_duff_image_composite(
    *,
    source: Annotated[Image, Help("What is laid over; cut and resized to the destination's size.")],
    source_alpha: Annotated[Mask, Help("Where it is transparent: 1 fully.")],
    destination: Annotated[Image, Help("What lies below.")],
    destination_alpha: Annotated[Mask, Help("Where it is transparent: 1 fully.")],
    mode: Annotated[porter_duff.Operator, Help("What shows where; SRC_OVER is laying one over the other.")] = "DST",
) -> Composited:
    """Lay transparent pictures over one another. As many as the smallest of the batches has."""
    size = (destination.shape[1], destination.shape[2])
    below, above = channels_matched(destination, source[..., : destination.shape[-1]])
    masks = [_fitted(as_mask(mask), size) for mask in (source_alpha, destination_alpha)]
    above = _fitted(above.movedim(-1, 1), size).movedim(1, -1)
    count = min(len(part) for part in (below, above, *masks))
    source_opacity, destination_opacity = (1 - mask[:count].movedim(1, -1) for mask in masks)
    made = porter_duff.composite(
        porter_duff.layer(above[:count], source_opacity), porter_duff.layer(below[:count], destination_opacity), mode
    )
    return Composited(porter_duff.straight(made), 1 - made.opacity[..., 0])


def _fitted(x: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """[B, C, H, W] at `size` (height, width), cut to its shape; nothing is changed that has it."""
    return x if x.shape[-2:] == size else resize(x, size[1], size[0], "bicubic", "center").clamp(0, 1)
