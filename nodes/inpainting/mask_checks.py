"""What is said of masks that do not go with a picture or latents."""

import torch

from execution.node import Context, NodeInputError

SAME_SHAPE = 0.02  # by which two shapes' ratios of sides may differ and still be the same, for roundings


def check_over(pixels: torch.Tensor, mask: torch.Tensor, input_name: str, ctx: Context) -> bool:
    """Judge a mask that is to be stretched over pictures; see `check_mask`.

    Raises:
        NodeInputError: the pictures, of the input named, are none.
    """
    if pixels.ndim != 4 or 0 in pixels.shape or pixels.shape[-1] not in (1, 3, 4):
        raise NodeInputError(
            input_name,
            f"A picture has the shape [batch, height, width, 1, 3 or 4 channels], not {list(pixels.shape)}. Connect an "
            "IMAGE here.",
        )
    return check_mask(mask, (pixels.shape[1], pixels.shape[2]), len(pixels), "mask", ctx)


def check_mask(mask: torch.Tensor, size: tuple[int, int], count: int, input_name: str, ctx: Context) -> bool:
    """Judge a mask [..., H, W] that is to be stretched over `count` pictures of `size` (height, width) in pixels.

    Warns of one that is empty, of another shape, and of masks that are more than the pictures. Says whether anything
    is masked at all.
    """
    height, width = mask.shape[-2:]
    given = mask.reshape(-1, height, width)
    masked = bool((mask > 0).any())
    if not masked:
        ctx.warn(
            f"{input_name} is empty (0 everywhere), so nothing will be drawn anew. Paint where the picture may change."
        )
    elif abs(width * size[0] / (height * size[1]) - 1) > SAME_SHAPE:
        ctx.warn(
            f"{input_name} has {width} x {height} pixels, which is another shape than that of the picture, "
            f"{size[1]} x {size[0]}: it is stretched. Make the mask from the picture itself if that is not meant."
        )
    if len(given) > count:
        ctx.warn(f"{input_name} holds {len(given)} masks for {count} pictures; those that are too many are not used.")
    return masked
