"""Masks: making them, changing them, and what they have to do with pictures."""

from typing import Annotated, Literal

import torch

from execution.fields import Help, Range
from execution.node import Context, NodeInputError, Ui, node
from models.compositing import grow, ramp
from models.mask_operations import MaskOperation, combine
from nodes.hidden import ExtraPngInfo, Prompt
from nodes.image_files import save_pictures, temporary_prefix
from nodes.types import MAX_SIDE, Colour, Fraction, Image, Mask, Position, Side

CHANNELS = ("red", "green", "blue", "alpha")

Source = Annotated[Mask, Help("The masks to change.")]


def batched(mask: torch.Tensor) -> torch.Tensor:
    """A mask as [B, H, W], whatever other packs made of it."""
    return mask.reshape(-1, *mask.shape[-2:])


@node("MaskToImage", category="mask", display_name="Convert Mask to Image")
def mask_to_image(*, mask: Annotated[Mask, Help("The masks to show.")]) -> Image:
    """Masks as grey pictures: 0 black, 1 white."""
    return batched(mask)[..., None].repeat(1, 1, 1, 3)


@node("ImageToMask", category="mask", display_name="Convert Image to Mask")
def image_to_mask(
    *,
    image: Annotated[Image, Help("The pictures.")],
    channel: Annotated[Literal["red", "green", "blue", "alpha"], Help("The channel to take.")],
) -> Mask:
    """One channel of pictures as a mask."""
    index = CHANNELS.index(channel)
    if index >= image.shape[-1]:
        raise NodeInputError(
            "channel", f"These pictures have {image.shape[-1]} channels and no {channel} one. Choose another channel."
        )
    return image[..., index]


@node("ImageColorToMask", category="mask")
def image_color_to_mask(
    *,
    image: Annotated[Image, Help("The pictures.")],
    color: Annotated[Colour, Help("The colour as a number: red * 65536 + green * 256 + blue, each 0 to 255.")] = 0,
) -> Mask:
    """1 where pictures have just this colour, 0 elsewhere."""
    levels = (image[..., :3].clamp(0, 1) * 255).round().int()
    wanted = torch.tensor([color >> 16 & 255, color >> 8 & 255, color & 255], dtype=torch.int, device=image.device)
    return (levels == wanted).all(dim=-1).float()


@node("SolidMask", category="mask")
def solid_mask(
    *,
    value: Annotated[Fraction, Help("The value everywhere.")] = 1.0,
    width: Annotated[Side, Help("Width, in pixels.")] = 512,
    height: Annotated[Side, Help("Height, in pixels.")] = 512,
) -> Mask:
    """A mask that is the same everywhere."""
    return torch.full((1, height, width), float(value))


@node("InvertMask", category="mask")
def invert_mask(*, mask: Source) -> Mask:
    """1 where the mask is 0 and the reverse."""
    return 1.0 - mask


@node("CropMask", category="mask")
def crop_mask(
    *,
    mask: Source,
    x: Annotated[Position, Help("Left side of the part, in pixels.")] = 0,
    y: Annotated[Position, Help("Top of the part, in pixels.")] = 0,
    width: Annotated[Side, Help("Width of the part, in pixels.")] = 512,
    height: Annotated[Side, Help("Height of the part, in pixels.")] = 512,
) -> Mask:
    """Cut a rectangle out of masks."""
    whole = batched(mask)
    if x >= whole.shape[-1] or y >= whole.shape[-2]:
        raise NodeInputError(
            "x" if x >= whole.shape[-1] else "y",
            f"The part begins outside of the mask, which has {whole.shape[-1]} x {whole.shape[-2]} pixels. Move it in.",
        )
    return whole[:, y : y + height, x : x + width]


@node("MaskComposite", category="mask")
def mask_composite(
    *,
    destination: Annotated[Mask, Help("The mask to change.")],
    source: Annotated[Mask, Help("What it is combined with.")],
    x: Annotated[Position, Help("Where the left side of the source goes, in pixels.")] = 0,
    y: Annotated[Position, Help("Where its top goes, in pixels.")] = 0,
    operation: Annotated[MaskOperation, Help("and, or, xor take both masks as black and white.")],
) -> Mask:
    """Combine two masks, point by point, where they overlap."""
    return combine(batched(destination), batched(source), x, y, operation)


@node("FeatherMask", category="mask")
def feather_mask(
    *,
    mask: Source,
    left: Annotated[Position, Help("Over how many pixels it fades in from the left.")] = 0,
    top: Annotated[Position, Help("Over how many pixels it fades in from the top.")] = 0,
    right: Annotated[Position, Help("Over how many pixels it fades out to the right.")] = 0,
    bottom: Annotated[Position, Help("Over how many pixels it fades out to the bottom.")] = 0,
) -> Mask:
    """Make the edges of masks soft."""
    whole = batched(mask)
    height, width = whole.shape[-2:]
    down = ramp(height, min(top, height), min(bottom, height))
    across = ramp(width, min(left, width), min(right, width))
    return whole * (down[:, None] * across).to(whole)


@node("GrowMask", category="mask")
def grow_mask(
    *,
    mask: Source,
    expand: Annotated[
        int, Range(-MAX_SIDE, MAX_SIDE, step=1), Help("By how many pixels it grows; a negative number shrinks it.")
    ] = 0,
    tapered_corners: Annotated[bool, Help("Corners become slopes instead of staying square.")] = True,
) -> Mask:
    """Make the bright parts of masks larger or smaller."""
    return grow(batched(mask), expand, tapered=tapered_corners)


@node("ThresholdMask", category="mask")
def threshold_mask(
    *, mask: Source, value: Annotated[Fraction, Help("What is above it becomes 1, the rest 0.")] = 0.5
) -> Mask:
    """Make masks black and white."""
    return (mask > value).float()


@node("MaskPreview", category="mask", output=True)
async def mask_preview(
    *,
    mask: Annotated[Mask, Help("The masks to show.")],
    prompt: Prompt = None,
    extra_pnginfo: ExtraPngInfo = None,
    ctx: Context,
) -> Ui:
    """Show masks as grey pictures; the files are temporary."""
    pictures = mask_to_image(mask=mask)
    return await save_pictures(ctx, pictures, "temp", temporary_prefix(ctx), prompt, extra_pnginfo, compress_level=4)
