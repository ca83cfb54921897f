"""Pictures made into what ControlNets read."""

from typing import Annotated

from execution.fields import Help, Range
from execution.node import NodeInputError, node
from models.edges import canny
from nodes.types import Image

Threshold = Annotated[float, Range(0.01, 0.99, step=0.01)]


@node("Canny", category="image/preprocessors")
def canny_edges(
    *,
    image: Annotated[Image, Help("The pictures to find edges in.")],
    low_threshold: Annotated[Threshold, Help("Weaker edges count only from here on, where they go on from one.")] = 0.4,
    high_threshold: Annotated[Threshold, Help("Edges count from here on: lower finds more.")] = 0.8,
) -> Image:
    """Find the edges in pictures: white lines on black, for ControlNets made for Canny edges."""
    if low_threshold > high_threshold:
        raise NodeInputError(
            "low_threshold",
            f"The low threshold ({low_threshold:g}) is above the high one ({high_threshold:g}). Swap them.",
        )
    return canny(image.movedim(-1, 1), low_threshold, high_threshold).expand(-1, 3, -1, -1).movedim(1, -1)
