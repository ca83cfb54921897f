"""Which part of a picture to draw at which size: the surroundings of a mask, in the shape that the network likes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from models.inpainting.mask_shapes import Bounds

STEP = 8  # pixels: sides that are drawn are multiples of it


@dataclass(frozen=True)
class Wanted:
    """What is asked of a region. All lengths are pixels."""

    factor: float = 1.0  # sides as multiples of the mask's
    margin: int = 0  # at least so much around the mask
    width: int = 0  # at which it is drawn; 0 follows from the region
    height: int = 0


@dataclass(frozen=True)
class Region:
    """A part of a picture, and the size at which it is drawn."""

    place: Bounds
    width: int
    height: int


def region_around(mask: Bounds, picture: tuple[int, int], wanted: Wanted) -> Region:
    """Return the part of a `picture` (height, width) around `mask`, moved inside where it would stick out.

    Where both drawn sides are given the part takes their shape. A picture too small for that gives what it has, which
    is drawn in its own shape with as many pixels as were asked for.
    """
    high, wide = picture
    width = max(mask.width * wanted.factor, mask.width + 2 * wanted.margin)
    height = max(mask.height * wanted.factor, mask.height + 2 * wanted.margin)
    if wanted.width and wanted.height:
        shape = wanted.width / wanted.height
        width, height = max(width, height * shape), max(height, width / shape)
    else:
        width, height = _multiple_above(width), _multiple_above(height)
    fits = round(width) <= wide and round(height) <= high
    across, down = min(round(width), wide), min(round(height), high)
    place = Bounds(_start(mask.x, mask.width, across, wide), _start(mask.y, mask.height, down, high), across, down)
    return Region(place, *_drawn(place, wanted, fits=fits))


def _start(start: int, length: int, side: int, whole: int) -> int:
    return max(0, min(start + (length - side) // 2, whole - side))


def _drawn(place: Bounds, wanted: Wanted, *, fits: bool) -> tuple[int, int]:
    """(width, height) at which `place` is drawn."""
    width, height = wanted.width, wanted.height
    if width and height and fits:
        return width, height
    if width and height:
        scale = math.sqrt(width * height / (place.width * place.height))
    elif width or height:
        scale = width / place.width if width else height / place.height
    else:
        scale = 1.0
    return _nearest_multiple(place.width * scale), _nearest_multiple(place.height * scale)


def _multiple_above(length: float) -> int:
    return math.ceil(length / STEP) * STEP


def _nearest_multiple(length: float) -> int:
    return max(STEP, round(length / STEP) * STEP)
