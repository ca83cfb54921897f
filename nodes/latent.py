"""Latents: new ones, their size and shape, one over another."""

from typing import Annotated, Literal

import torch

from execution.fields import Help, Range
from execution.node import Context, node
from models.compositing import as_mask, composite, paste_feathered
from models.resize import Crop, LatentMethod, resize
from nodes.inpainting.mask_checks import check_mask
from nodes.types import MAX_SIDE, Aligned, BatchCount, Latent, LatentValue, Mask

CELL = 8  # pixels to a latent's entry, along each side

NewSide = Annotated[int, Range(16, MAX_SIDE, step=8)]
CropSide = Annotated[int, Range(64, MAX_SIDE, step=8)]
Source = Annotated[Latent, Help("The latents to change.")]
Method = Annotated[LatentMethod, Help("How values between the old ones are made; bislerp keeps contrast best.")]


def with_samples(latent: LatentValue, samples: torch.Tensor) -> LatentValue:
    """A copy with other samples; noise mask and batch indices are kept."""
    return {**latent, "samples": samples}


@node("EmptyLatentImage", category="latent", display_name="Empty Latent Image")
def empty_latent_image(
    *,
    width: Annotated[NewSide, Help("Width of the picture, in pixels.")] = 512,
    height: Annotated[NewSide, Help("Height of the picture, in pixels.")] = 512,
    batch_size: Annotated[BatchCount, Help("How many pictures to make at once.")] = 1,
) -> Latent:
    """A batch of blank latents, to be filled by sampling."""
    return {"samples": torch.zeros(batch_size, 4, height // CELL, width // CELL)}


@node("LatentUpscale", category="latent", display_name="Upscale Latent")
def latent_upscale(
    *,
    samples: Source,
    upscale_method: Method,
    width: Annotated[Aligned, Help("New width in pixels; 0 keeps the proportions.")] = 512,
    height: Annotated[Aligned, Help("New height in pixels; 0 keeps the proportions. Both 0: nothing changes.")] = 512,
    crop: Annotated[Crop, Help("center: cut to the new shape instead of stretching.")],
) -> Latent:
    """Resize latents to a size in pixels, at least 64."""
    if not width and not height:
        return samples
    x = samples["samples"]
    if not width:
        height = max(64, height)
        width = round(x.shape[-1] * height / x.shape[-2])
    elif not height:
        width = max(64, width)
        height = round(x.shape[-2] * width / x.shape[-1])
    width, height = max(64, width), max(64, height)
    return with_samples(samples, resize(x, width // CELL, height // CELL, upscale_method, crop))


@node("LatentUpscaleBy", category="latent", display_name="Upscale Latent By")
def latent_upscale_by(
    *,
    samples: Source,
    upscale_method: Method,
    scale_by: Annotated[float, Range(0.01, 8, step=0.01), Help("Factor for both sides.")] = 1.5,
) -> Latent:
    """Resize latents by a factor."""
    x = samples["samples"]
    width, height = max(1, round(x.shape[-1] * scale_by)), max(1, round(x.shape[-2] * scale_by))
    return with_samples(samples, resize(x, width, height, upscale_method))


@node("LatentComposite", category="latent", display_name="Latent Composite")
def latent_composite(
    *,
    samples_to: Annotated[Latent, Help("What lies below.")],
    samples_from: Annotated[Latent, Help("What is laid over it.")],
    x: Annotated[Aligned, Help("Where its left side goes, in pixels.")] = 0,
    y: Annotated[Aligned, Help("Where its top goes, in pixels.")] = 0,
    feather: Annotated[Aligned, Help("Over how many pixels its sides are blended in.")] = 0,
) -> Latent:
    """Lay latents over others; what sticks out is cut."""
    pasted = paste_feathered(samples_to["samples"], samples_from["samples"], x // CELL, y // CELL, feather // CELL)
    return with_samples(samples_to, pasted)


@node("LatentCompositeMasked", category="latent")
def latent_composite_masked(
    *,
    destination: Annotated[Latent, Help("What lies below.")],
    source: Annotated[Latent, Help("What is laid over it.")],
    x: Annotated[Aligned, Help("Where its left side goes, in pixels.")] = 0,
    y: Annotated[Aligned, Help("Where its top goes, in pixels.")] = 0,
    resize_source: Annotated[bool, Help("Stretch it to the size of the destination first.")] = False,
    mask: Annotated[Mask | None, Help("Where it shows: 1 fully, 0 not at all; stretched over it.")] = None,
) -> Latent:
    """Lay latents over others through a mask."""
    samples = composite(destination["samples"], source["samples"], x, y, mask, unit=CELL, resize_source=resize_source)
    return with_samples(destination, samples)


@node("SetLatentNoiseMask", category="latent/inpaint", display_name="Set Latent Noise Mask")
def set_latent_noise_mask(
    *,
    samples: Source,
    mask: Annotated[
        Mask, Help("Where sampling may change the picture: 1 yes, 0 keep it. Of any size: stretched over the picture.")
    ],
    ctx: Context,
) -> Latent:
    """Let sampling change a part of the picture only (inpainting)."""
    x = samples["samples"]
    check_mask(mask, (x.shape[-2] * CELL, x.shape[-1] * CELL), len(x), "mask", ctx)
    return {**samples, "noise_mask": as_mask(mask)}


@node("LatentFlip", category="latent/transform", display_name="Flip Latent")
def latent_flip(
    *,
    samples: Source,
    flip_method: Annotated[
        Literal["x-axis: vertically", "y-axis: horizontally"], Help("Swap top and bottom, or left and right.")
    ],
) -> Latent:
    """Mirror latents."""
    side = -2 if flip_method.startswith("x") else -1
    return with_samples(samples, samples["samples"].flip(side))


@node("LatentRotate", category="latent/transform", display_name="Rotate Latent")
def latent_rotate(
    *,
    samples: Source,
    rotation: Annotated[Literal["none", "90 degrees", "180 degrees", "270 degrees"], Help("Clockwise.")],
) -> Latent:
    """Turn latents clockwise."""
    quarters = 0 if rotation == "none" else int(rotation.split()[0]) // 90
    return with_samples(samples, samples["samples"].rot90(quarters, (-1, -2)))


@node("LatentCrop", category="latent/transform", display_name="Crop Latent")
def latent_crop(
    *,
    samples: Source,
    width: Annotated[CropSide, Help("Width of the part, in pixels.")] = 512,
    height: Annotated[CropSide, Help("Height of the part, in pixels.")] = 512,
    x: Annotated[Aligned, Help("Left side of the part, in pixels.")] = 0,
    y: Annotated[Aligned, Help("Top of the part, in pixels.")] = 0,
) -> Latent:
    """Cut a rectangle out of latents; its corner is moved so that 64 pixels at least remain."""
    whole = samples["samples"]
    left = max(0, min(x // CELL, whole.shape[-1] - 8))
    top = max(0, min(y // CELL, whole.shape[-2] - 8))
    return with_samples(samples, whole[..., top : top + height // CELL, left : left + width // CELL])
