"""Filters: blurring, sharpening, growing and shrinking, fewer colours, noise."""

from typing import Annotated, Literal

import torch

from execution.fields import Help, Range, Seed
from execution.node import NodeInputError, node
from models.image_effects import gaussian, morphology
from models.image_effects.quantizing import quantize
from nodes.types import Fraction, Image

Source = Annotated[Image, Help("The pictures to change.")]
Radius = Annotated[int, Range(1, 31, step=1)]


@node("ImageBlur", category="image/postprocessing")
def image_blur(
    *,
    image: Source,
    blur_radius: Annotated[Radius, Help("How many pixels around each are averaged.")] = 1,
    sigma: Annotated[
        float, Range(0.1, 10, step=0.1), Help("Width of the bell that weighs them, in radii: a high one weighs alike.")
    ] = 1.0,
) -> Image:
    """Blur pictures with a Gaussian."""
    return gaussian.blur(image.movedim(-1, 1), blur_radius, sigma).movedim(1, -1)


@node("ImageSharpen", category="image/postprocessing")
def image_sharpen(
    *,
    image: Source,
    sharpen_radius: Annotated[Radius, Help("Up to how many pixels around an edge are made to stand out.")] = 1,
    sigma: Annotated[
        float, Range(0.1, 10, step=0.01), Help("Width of the bell that weighs them, in radii: a high one weighs alike.")
    ] = 1.0,
    alpha: Annotated[float, Range(0, 5, step=0.01), Help("How much is added; 0.1 is a gentle sharpening.")] = 1.0,
) -> Image:
    """Sharpen pictures by adding what a blur would take away."""
    return gaussian.sharpen(image.movedim(-1, 1), sharpen_radius, sigma, alpha).movedim(1, -1)


@node("ImageQuantize", category="image/postprocessing")
def image_quantize(
    *,
    image: Annotated[Image, Help("The pictures to change; transparency is dropped.")],
    colors: Annotated[int, Range(1, 256, step=1), Help("How many colours each picture may have.")] = 256,
    dither: Annotated[
        Literal["none", "floyd-steinberg", "bayer-2", "bayer-4", "bayer-8", "bayer-16"],
        Help("How colours in between are imitated: by spreading the error, or by a pattern of that many pixels."),
    ],
) -> Image:
    """Reduce the number of colours in pictures."""
    return torch.stack([quantize(picture[..., :3].expand(-1, -1, 3), colors, dither) for picture in image])


@node("Morphology", category="image/postprocessing", display_name="ImageMorphology")
def image_morphology(
    *,
    image: Source,
    operation: Annotated[
        morphology.Operation,
        Help(
            "erode: dark parts grow; dilate: bright parts grow; open, close: small bright or dark parts vanish; "
            "gradient: outlines; top_hat, bottom_hat: only the small bright or dark parts."
        ),
    ],
    kernel_size: Annotated[int, Range(3, 999, step=1), Help("Side of the square that is looked at, in pixels.")] = 3,
) -> Image:
    """Grow or shrink what is bright in pictures, each channel by itself."""
    return morphology.apply(image.movedim(-1, 1), operation, kernel_size).movedim(1, -1)


@node("ImageAddNoise", category="image", display_name="ImageAddNoise")
def image_add_noise(
    *,
    image: Source,
    seed: Annotated[int, Seed(), Help("Which noise; the same seed gives the same for pictures of the same size.")] = 0,
    strength: Annotated[Fraction, Help("Standard deviation of the noise; 1 is from black to white.")] = 0.5,
) -> Image:
    """Add grain to pictures."""
    if not image.numel():
        raise NodeInputError("image", "There are no pictures in this batch. Connect one that has some.")
    noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(seed))
    return (image + strength * noise.to(image)).clamp(0, 1)
