"""What a ControlNet is told besides its picture: the kind of picture, where it steers, what is to be filled in."""

from typing import Annotated, Literal, get_args

import torch
import torch.nn.functional as F

from execution.fields import Help
from execution.node import NodeInputError, node
from models.adapters.control import MaskedSteerer
from models.compositing import as_mask, fit_batch
from nodes.controlnet import ControlNet
from nodes.types import Image, Mask

AUTO = "auto"
Kind = Literal[
    "auto", "openpose", "depth", "hed/pidi/scribble/ted", "canny/lineart/anime_lineart/mlsd", "normal", "segment",
    "tile", "repaint",
]  # fmt: skip
KINDS = tuple(kind for kind in get_args(Kind) if kind != AUTO)
"""Kinds of pictures in the order in which union ControlNets number them."""

UNKNOWN_PIXEL = -1.0  # what ControlNets for inpainting see where the picture is to be filled in


@node("SetUnionControlNetType", category="conditioning/controlnet")
def set_union_control_net_type(
    *,
    control_net: Annotated[ControlNet, Help("A union ControlNet, which knows several kinds of pictures.")],
    type: Annotated[Kind, Help("What the picture is; auto: the network is not told. tile and repaint need ProMax.")],
) -> ControlNet:
    """Tell a union ControlNet what kind of picture it will read."""
    if type not in get_args(Kind):  # by a link, which validation cannot judge
        raise NodeInputError("type", f"There is no kind {type!r}. Choose one of {', '.join(get_args(Kind))}.")
    try:
        return control_net.of_kind(None if type == AUTO else KINDS.index(type))
    except ValueError as error:
        raise NodeInputError("control_net", str(error)) from error


@node("ControlNetMask", category="conditioning/controlnet", display_name="ControlNet Mask")
def control_net_mask(
    *,
    control_net: Annotated[ControlNet, Help("A ControlNet, Control-LoRA or T2I-Adapter.")],
    mask: Annotated[Mask, Help("Where it steers: 1 fully, 0 not at all; cut and resized as its picture is.")],
) -> ControlNet:
    """Let a ControlNet steer a part of the picture only. Put it between the loader and the node that applies it."""
    return MaskedSteerer(control_net, as_mask(mask)[:, 0])


@node("ControlNetInpaintImage", category="conditioning/controlnet", display_name="ControlNet Inpaint Image")
def control_net_inpaint_image(
    *,
    image: Annotated[Image, Help("The picture to fill in.")],
    mask: Annotated[Mask, Help("What to fill in: 1; resized to the picture.")],
) -> Image:
    """Make the picture that ControlNets for inpainting read: what is to be filled in has the colour -1."""
    height, width = image.shape[1:3]
    size = as_mask(mask)
    if size.shape[-2:] != (height, width):
        size = F.interpolate(size, size=(height, width), mode="bilinear")
    holes = fit_batch(size, len(image)).movedim(1, -1) > 0.5
    return torch.where(holes, torch.full_like(image[..., :3], UNKNOWN_PIXEL), image[..., :3])
