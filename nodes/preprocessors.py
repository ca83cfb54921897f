"""Pictures made into what ControlNets read. None of these needs weights."""

from typing import Annotated

import torch

from execution.fields import Help, Range
from execution.node import NodeInputError, node
from models.edges import canny
from models.image_effects import coarse, lines, luma
from models.image_effects.normals import normals
from models.image_effects.soft_edges import soft_edges
from nodes.types import Image

CATEGORY = "image/preprocessors"

Threshold = Annotated[float, Range(0.01, 0.99, step=0.01)]
Source = Annotated[Image, Help("The pictures to draw; transparency is dropped.")]


def grey(images: torch.Tensor) -> torch.Tensor:
    """The brightness [B, 1, H, W] of pictures [B, H, W, C]."""
    return luma.luma(images).movedim(-1, 1)


def colours(images: torch.Tensor) -> torch.Tensor:
    """The colours [B, 3 or 1, H, W] of pictures [B, H, W, C]."""
    return images[..., :3].movedim(-1, 1)


def as_picture(planes: torch.Tensor) -> torch.Tensor:
    """Pictures [B, H, W, 3] of planes [B, 1 or 3, H, W]."""
    return planes.expand(-1, 3, -1, -1).movedim(1, -1)


@node("Canny", category=CATEGORY)
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
    return as_picture(canny(image.movedim(-1, 1), low_threshold, high_threshold))


@node("PreprocessSoftEdges", category=CATEGORY, display_name="Soft Edges")
def preprocess_soft_edges(
    *,
    image: Source,
    softness: Annotated[
        float, Range(0.5, 8, step=0.1), Help("Blur of the finest edges, in pixels: higher leaves out texture.")
    ] = 1.5,
) -> Image:
    """Outlines that fade, white on black, for ControlNets made for soft edges (HED, PiDiNet)."""
    return as_picture(soft_edges(colours(image), softness))


@node("PreprocessLineart", category=CATEGORY, display_name="Line Art")
def preprocess_lineart(
    *,
    image: Source,
    line_width: Annotated[float, Range(0.5, 8, step=0.1), Help("How fine the lines are, in pixels.")] = 1.0,
    strength: Annotated[float, Range(0.1, 4, step=0.1), Help("How white lines are: higher shows faint ones.")] = 1.0,
) -> Image:
    """Dark lines and shadows as a drawing, white on black, for ControlNets made for line art."""
    return as_picture(lines.drawing(colours(image), line_width, strength))


@node("PreprocessScribble", category=CATEGORY, display_name="Scribble")
def preprocess_scribble(
    *,
    image: Source,
    line_width: Annotated[float, Range(0.5, 8, step=0.1), Help("How fine the details are, in pixels.")] = 1.5,
    threshold: Annotated[
        float, Range(0.01, 0.5, step=0.01), Help("How much darker than around it a stroke is: lower draws more.")
    ] = 0.06,
    thickness: Annotated[int, Range(1, 32), Help("How thick strokes become, in pixels.")] = 3,
) -> Image:
    """A drawing with a thick pen, white on black, for ControlNets made for scribbles."""
    return as_picture(lines.scribble(colours(image), line_width, threshold, thickness))


@node("PreprocessTile", category=CATEGORY, display_name="Tile (Fewer Details)")
def preprocess_tile(
    *,
    image: Source,
    factor: Annotated[
        float, Range(1, 64, step=0.5), Help("How much smaller a picture its details would fill; 1 changes nothing.")
    ] = 4.0,
) -> Image:
    """Pictures without their finer details, for ControlNets that put in new ones (tile, blur)."""
    return as_picture(coarse.softened(colours(image), factor))


@node("PreprocessGray", category=CATEGORY, display_name="Gray (for Recoloring)")
def preprocess_gray(
    *,
    image: Source,
    gamma: Annotated[
        float, Range(0.1, 4, step=0.01), Help("1 keeps brightness as it is; above darkens, below lightens.")
    ] = 1.0,
) -> Image:
    """Pictures without colour, for ControlNets that colour them (recolor, luminance)."""
    return as_picture(grey(image).clamp(0, 1).pow(gamma))


@node("PreprocessColorBlocks", category=CATEGORY, display_name="Color Blocks")
def preprocess_color_blocks(
    *,
    image: Source,
    block_size: Annotated[int, Range(2, 512), Help("Side of a block, in pixels.")] = 64,
) -> Image:
    """Pictures as squares of their average colours, for adapters that take a palette (T2I color)."""
    return as_picture(coarse.blocks(colours(image), block_size))


@node("PreprocessNormals", category=CATEGORY, display_name="Normals from Depth")
def preprocess_normals(
    *,
    depth: Annotated[Image, Help("Depth maps: white is near, black far.")],
    relief: Annotated[
        float, Range(0, 4, step=0.01), Help("How deep the scene is from black to white, in picture widths.")
    ] = 0.5,
    smoothing: Annotated[
        float, Range(0, 16, step=0.1), Help("Blur in pixels, against the steps of depth maps; 0 for none.")
    ] = 2.0,
) -> Image:
    """The directions that surfaces face, as colours, for ControlNets made for normal maps."""
    return as_picture(normals(grey(depth), relief, smoothing))
