"""The six shapes of the bundled checkpoints, as outlines and as anti-aliased coverage."""

from __future__ import annotations

import math

import torch
from torch import Tensor

SHAPES = ("circle", "square", "triangle", "star", "ring", "cross")

_RING_HOLE = 0.5  # of the outer radius
_STAR_INNER = 0.45  # of the outer radius
_ARM = 0.32  # half the width of a cross's arms, its reach being 1


def _star() -> list[tuple[float, float]]:
    points = []
    for corner in range(10):
        radius = 1.1 if corner % 2 == 0 else 1.1 * _STAR_INNER
        angle = math.pi * corner / 5
        points.append((radius * math.sin(angle), -radius * math.cos(angle)))
    return points


# corners in units of the radius, x to the right and y down, around the shape's centre
_OUTLINES: dict[str, list[tuple[float, float]]] = {
    "square": [(-0.87, -0.87), (0.87, -0.87), (0.87, 0.87), (-0.87, 0.87)],
    "triangle": [(0.0, -0.95), (1.05, 0.85), (-1.05, 0.85)],
    "star": _star(),
    "cross": [
        *((-_ARM, -1.0), (_ARM, -1.0), (_ARM, -_ARM), (1.0, -_ARM), (1.0, _ARM), (_ARM, _ARM)),
        *((_ARM, 1.0), (-_ARM, 1.0), (-_ARM, _ARM), (-1.0, _ARM), (-1.0, -_ARM), (-_ARM, -_ARM)),
    ],
}


def _polygon_distance(x: Tensor, y: Tensor, corners: list[tuple[float, float]]) -> Tensor:
    """Signed distance to a polygon, negative inside: the nearest edge, with the sign of an even-odd count."""
    nearest = torch.full_like(x, math.inf)
    inside = torch.zeros_like(x, dtype=torch.bool)
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        ex, ey = bx - ax, by - ay
        along = (((x - ax) * ex + (y - ay) * ey) / (ex * ex + ey * ey)).clamp(0, 1)
        nearest = torch.minimum(nearest, (x - ax - along * ex).square() + (y - ay - along * ey).square())
        if ey:
            inside ^= ((y < ay) != (y < by)) & (x < ax + (y - ay) * (ex / ey))
    distance = nearest.sqrt()
    return torch.where(inside, -distance, distance)


def signed_distance(shape: str, x: Tensor, y: Tensor) -> Tensor:
    """Distance from each point to the shape's outline in units of its radius, negative inside.

    x, y: coordinates around the shape's centre in units of its radius, of one shape between them.
    """
    if shape == "circle":
        return (x.square() + y.square()).sqrt() - 1.0
    if shape == "ring":
        middle, half = (1 + _RING_HOLE) / 2, (1 - _RING_HOLE) / 2
        return ((x.square() + y.square()).sqrt() - middle).abs() - half
    return _polygon_distance(x, y, _OUTLINES[shape])


def coverage(shape: str, centre_x: Tensor, centre_y: Tensor, radius: Tensor, size: int) -> Tensor:
    """How much of each pixel the shape covers, `[B, size, size]` in 0..1.

    centre and radius: `[B]`, in units of the picture's side.
    """
    pixels = (torch.arange(size) + 0.5) / size
    x = (pixels[None, None, :] - centre_x[:, None, None]) / radius[:, None, None]
    y = (pixels[None, :, None] - centre_y[:, None, None]) / radius[:, None, None]
    x, y = torch.broadcast_tensors(x, y)
    return (0.5 - signed_distance(shape, x, y) * radius[:, None, None] * size).clamp(0, 1)
