"""Pictures taken apart into brightness and colour, and put together again."""

from typing import Annotated, NamedTuple

from execution.fields import Help
from execution.node import NodeInputError, node
from models.image_effects.luma import to_rgb, to_yuv
from nodes.types import Image

COLOURS = 3


class Yuv(NamedTuple):
    """Brightness and colour, as grey pictures."""

    Y: Image
    U: Image
    V: Image


@node("ImageRGBToYUV", category="image/batch")
def image_rgb_to_yuv(*, image: Annotated[Image, Help("The pictures to take apart; transparency is dropped.")]) -> Yuv:
    """Brightness (Y), and how blue (U) and how red (V) pictures are; 0.5 is neither."""
    if image.shape[-1] < COLOURS:
        raise NodeInputError("image", f"Pictures of {image.shape[-1]} channels have no colours. Connect RGB pictures.")
    y, u, v = (part.expand(-1, -1, -1, COLOURS) for part in to_yuv(image))
    return Yuv(y, u, v)


@node("ImageYUVToRGB", category="image/batch")
def image_yuv_to_rgb(
    *,
    Y: Annotated[Image, Help("The brightness.")],
    U: Annotated[Image, Help("How blue: 0.5 is neither blue nor yellow.")],
    V: Annotated[Image, Help("How red: 0.5 is neither red nor green.")],
) -> Image:
    """Pictures of their brightness and colour."""
    for name, part in (("U", U), ("V", V)):
        if part.shape[:3] != Y.shape[:3]:
            raise NodeInputError(
                name,
                f"{name} is {_size(part)} and Y is {_size(Y)}: the three must be alike. Connect those of one picture.",
            )
    return to_rgb(*(part[..., :COLOURS].mean(-1, keepdim=True) for part in (Y, U, V)))


def _size(pictures: Image) -> str:
    count, height, width = pictures.shape[:3]
    return f"{count} pictures of {width} x {height} pixels"
