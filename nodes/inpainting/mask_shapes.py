"""Changing the shape and the edges of masks."""

from typing import Annotated, NamedTuple

from execution.fields import Help, Name, Range
from execution.node import Context, node
from models.inpainting import mask_shapes as shapes
from nodes.mask import batched
from nodes.types import MAX_SIDE, Mask

Source = Annotated[Mask, Help("The masks to change.")]


@node("BlurMask", category="mask", display_name="Blur Mask")
def blur_mask(
    *,
    mask: Source,
    radius: Annotated[
        float, Range(0, 512, step=0.5), Help("Standard deviation of the Gaussian, in pixels; 0 changes nothing.")
    ] = 8.0,
) -> Mask:
    """Make the edges of masks soft on both sides."""
    return shapes.blur(batched(mask), radius)


@node("FillMaskHoles", category="mask", display_name="Fill Mask Holes")
def fill_mask_holes(*, mask: Source) -> Mask:
    """Mask everything that masked parts enclose: a drawn outline becomes a filled shape."""
    return shapes.fill_holes(batched(mask))


class Rectangle(NamedTuple):
    """A rectangle of pixels."""

    x: Annotated[int, Name("x")]
    y: Annotated[int, Name("y")]
    width: Annotated[int, Name("width")]
    height: Annotated[int, Name("height")]


@node("MaskBounds", category="mask", display_name="Mask Bounds")
def mask_bounds(
    *,
    mask: Annotated[Mask, Help("The masks to measure, all together.")],
    margin: Annotated[int, Range(0, MAX_SIDE, step=1), Help("Pixels more on each side, as far as there are any.")] = 0,
    ctx: Context,
) -> Rectangle:
    """The smallest rectangle around all that is masked, as CropMask and ImageCrop take it; an empty mask: all of it."""
    masks = batched(mask)
    high, wide = masks.shape[-2:]
    found = shapes.bounds(masks)
    if found is None:
        ctx.warn("mask is empty (0 everywhere), so its bounds are the whole picture.")
        return Rectangle(0, 0, wide, high)
    x, y = max(0, found.x - margin), max(0, found.y - margin)
    right, bottom = min(wide, found.x + found.width + margin), min(high, found.y + found.height + margin)
    return Rectangle(x, y, right - x, bottom - y)
