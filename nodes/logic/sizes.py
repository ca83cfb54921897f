"""Sizes of pictures by their shape."""

from typing import Annotated, Literal, NamedTuple

from execution.fields import Help, Name, Range
from execution.node import NodeInputError, node
from models.sdxl.buckets import bucket_for, size_for
from nodes.types import MAX_SIDE, Image

MEGAPIXEL = 1024 * 1024

Ratio = Annotated[float, Range(0.01, MAX_SIDE, step=0.1)]


class PictureSize(NamedTuple):
    """A size, in pixels."""

    width: Annotated[int, Name("width")]
    height: Annotated[int, Name("height")]


@node("WeftSizeByShape", category="logic/math", display_name="Size by shape")
def size_by_shape(
    *,
    width_ratio: Annotated[Ratio, Help("16 of 16:9.")] = 1.0,
    height_ratio: Annotated[Ratio, Help("9 of 16:9.")] = 1.0,
    sizes: Annotated[
        Literal["SDXL's own", "by pixels"],
        Help("SDXL's own are the sizes that it was trained on; by pixels gives any size of about so many."),
    ] = "SDXL's own",
    megapixels: Annotated[float, Range(0.01, 64, step=0.05), Help("By pixels: 1 is 1024 x 1024.")] = 1.0,
    multiple_of: Annotated[int, Range(8, 256, step=8), Help("By pixels: what the sides are multiples of.")] = 64,
    image: Annotated[Image | None, Help("Its shape is taken instead of the ratio.")] = None,
) -> PictureSize:
    """The width and height to draw at for a shape such as 16:9, or for that of a picture."""
    if width_ratio <= 0 or height_ratio <= 0:
        raise NodeInputError("width_ratio", f"{width_ratio}:{height_ratio} is no shape. Use numbers above 0.")
    aspect = width_ratio / height_ratio if image is None else image.shape[2] / image.shape[1]
    found = bucket_for(aspect) if sizes == "SDXL's own" else size_for(aspect, megapixels * MEGAPIXEL, multiple_of)
    if max(found) > MAX_SIDE:
        raise NodeInputError("megapixels", f"{found.width} x {found.height} is beyond {MAX_SIDE} pixels. Ask for less.")
    return PictureSize(*found)
