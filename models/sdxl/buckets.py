"""The sizes that SDXL was trained on, and the one for a picture's shape.

The list is that of the paper (Podell et al., "SDXL: Improving Latent Diffusion Models for High-Resolution Image
Synthesis", 2023, appendix I), each upright and lying: about 1024 * 1024 pixels, sides multiples of 64.
"""

import math
from typing import NamedTuple


class Size(NamedTuple):
    """A picture's size in pixels."""

    width: int
    height: int


_NOT_HIGHER = (
    (1024, 1024), (1024, 960), (1088, 960), (1088, 896), (1152, 896), (1152, 832), (1216, 832), (1280, 768),
    (1344, 768), (1344, 704), (1408, 704), (1472, 704), (1536, 640), (1600, 640), (1664, 576), (1728, 576),
    (1792, 576), (1856, 512), (1920, 512), (1984, 512), (2048, 512),
)  # fmt: skip

BUCKETS: tuple[Size, ...] = tuple(
    sorted({Size(*pair) for w, h in _NOT_HIGHER for pair in ((w, h), (h, w))}, key=lambda s: s.width / s.height)
)
"""All of them, the narrowest first."""


def bucket_for(aspect: float) -> Size:
    """The training size whose shape is nearest to an aspect ratio (width : height), by the ratio of the two."""
    return min(BUCKETS, key=lambda size: abs(math.log(size.width / size.height / aspect)))


def size_for(aspect: float, pixels: float, multiple: int) -> Size:
    """The size of about so many pixels and an aspect ratio, its sides multiples of a number.

    Of the sizes that the two sides can be rounded to, that which keeps the aspect ratio and the number of pixels best.
    """
    near = [_rounded_both_ways(math.sqrt(pixels * share), multiple) for share in (aspect, 1 / aspect)]
    return min(
        (Size(width, height) for width in near[0] for height in near[1]),
        key=lambda s: abs(math.log(s.width / s.height / aspect)) + abs(math.log(s.width * s.height / pixels)),
    )


def _rounded_both_ways(side: float, multiple: int) -> tuple[int, ...]:
    down = max(int(side // multiple), 1) * multiple
    return (down, down + multiple)
