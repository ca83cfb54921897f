"""Inpainting at full size: the surroundings of a mask are cut out, drawn at the network's size and put back."""

from typing import Annotated, NamedTuple

from execution.fields import Help, Name, Range, Socket
from execution.node import Context, NodeInputError, node
from models.compositing import as_mask, fit_batch, grow
from models.inpainting import crop_and_stitch as parts
from models.inpainting.mask_shapes import Bounds, bounds
from models.inpainting.region import Wanted, region_around
from nodes.inpainting.mask_checks import check_over
from nodes.types import Aligned, Image, Mask

Crop = Annotated[parts.Crop, Socket("INPAINT_CROP")]


class CroppedPart(NamedTuple):
    """A part of pictures, its masks, and where it came from."""

    crop: Annotated[Crop, Name("crop")]
    image: Annotated[Image, Name("image")]
    mask: Annotated[Mask, Name("mask")]


@node("CropAroundMask", category="image/inpaint", display_name="Crop Around Mask")
def crop_around_mask(
    *,
    image: Annotated[Image, Help("The pictures to change a part of.")],
    mask: Annotated[Mask, Help("What to draw anew: 1 yes, 0 keep it. Stretched over the picture.")],
    width: Annotated[
        Aligned, Help("Width at which the part is drawn, in pixels: what the model was trained on. 0: as it comes.")
    ] = 1024,
    height: Annotated[Aligned, Help("Height at which the part is drawn, in pixels. 0: as it comes.")] = 1024,
    context_factor: Annotated[
        float, Range(1, 100, step=0.05), Help("How much of the surroundings to take: sides as multiples of the mask's.")
    ] = 1.5,
    context_pixels: Annotated[
        int, Range(0, 4096, step=8), Help("At least so many pixels of surroundings on each side.")
    ] = 32,
    grow_mask: Annotated[
        int, Range(0, 512, step=1), Help("By how many pixels the mask grows first, so that seams get drawn over.")
    ] = 0,
    ctx: Context,
) -> CroppedPart:
    """Cut out what is around a mask and enlarge it, so that small things are drawn with all of the model's detail.

    The part lies inside of the picture and has the shape of width and height; where the picture is too small for
    that, it has the picture's own and as many pixels. All pictures of a batch are cut alike.
    """
    any_masked = check_over(image, mask, "image", ctx)
    size = image.shape[1], image.shape[2]
    masks = fit_batch(as_mask(mask, size)[:, 0], len(image))
    masks = grow(masks, grow_mask, tapered=False) if grow_mask else masks
    around = bounds(masks) if any_masked else None
    wanted = Wanted(context_factor, context_pixels, width, height)
    region = region_around(around or Bounds(0, 0, size[1], size[0]), size, wanted)
    crop = parts.Crop(image, masks, region)
    return CroppedPart(crop, crop.pixels(), crop.mask())


@node("StitchCrop", category="image/inpaint", display_name="Stitch Crop")
def stitch_crop(
    *,
    crop: Annotated[Crop, Help("Where the part came from: what Crop Around Mask gave.")],
    image: Annotated[Image, Help("The part as it was drawn, of any size.")],
    feather: Annotated[
        int,
        Range(0, 256, step=1),
        Help("Over how many pixels of the whole picture it fades in, from the mask's edge inwards."),
    ] = 16,
) -> Image:
    """Put a drawn part back into the whole pictures. What is not masked stays as it was, to the last bit."""
    if image.ndim != 4 or image.shape[-1] not in (1, 3, 4):
        raise NodeInputError(
            "image",
            f"A picture has the shape [batch, height, width, 1, 3 or 4 channels], not {list(image.shape)}. Connect the "
            "picture that was drawn.",
        )
    return parts.stitch(crop, image, feather)
