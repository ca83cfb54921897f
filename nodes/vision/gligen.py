"""GLIGEN: things in boxes."""

from typing import Annotated

from execution.fields import Files, Help, Mentions, Multiline, Range
from execution.node import Context, NodeInputError, node
from models.adapters.gligen import Box, load_gligen
from models.adapters.gligen_network import BOXES
from models.checkpoint import CheckpointError
from models.memory import DeviceMemory
from models.sdxl.text import TextError
from nodes.loaders import model_file
from nodes.types import MAX_SIDE, Aligned, Clip, Conditioning
from nodes.vision.types import Gligen

PIXELS = 8  # for each value of a latent's side
BoxSide = Annotated[int, Range(8, MAX_SIDE, step=8)]


@node("GLIGENLoader", category="loaders")
def gligen_loader(
    *, gligen_name: Annotated[str, Files("gligen"), Help("A file in models/gligen.")], ctx: Context
) -> Gligen:
    """Load a GLIGEN model, which puts things into boxes on SD 1.x."""
    path = model_file(ctx, "gligen", "gligen_name", gligen_name)
    try:
        return load_gligen(path, ctx.service(DeviceMemory))
    except CheckpointError as error:
        raise NodeInputError("gligen_name", str(error)) from error


@node("GLIGENTextBoxApply", category="conditioning/gligen")
def gligen_text_box_apply(
    *,
    conditioning_to: Annotated[Conditioning, Help("The prompt of the whole picture; it should name the thing too.")],
    clip: Annotated[Clip, Help("The text encoder of the checkpoint.")],
    gligen_textbox_model: Annotated[Gligen, Help("The GLIGEN model.")],
    text: Annotated[str, Multiline(dynamic_prompts=True), Mentions("embeddings"), Help("What shall be in the box.")],
    width: Annotated[BoxSide, Help("Width of the box, in pixels.")] = 64,
    height: Annotated[BoxSide, Help("Height of the box, in pixels.")] = 64,
    x: Annotated[Aligned, Help("Left side of the box, in pixels.")] = 0,
    y: Annotated[Aligned, Help("Top of the box, in pixels.")] = 0,
    ctx: Context,
) -> Conditioning:
    """Put something into a box of the picture. Several in a row add up, to 30."""
    try:
        pooled = clip.unprojected(text)
    except (TextError, CheckpointError) as error:
        raise NodeInputError("clip", str(error)) from error
    wanted = gligen_textbox_model.text_width
    if pooled.shape[-1] != wanted:
        raise NodeInputError(
            "clip",
            f"{gligen_textbox_model.name} reads texts {wanted} values wide, this text encoder makes "
            f"{pooled.shape[-1]}. Connect the CLIP of an SD 1.x checkpoint.",
        )
    box = Box(pooled, height // PIXELS, width // PIXELS, y // PIXELS, x // PIXELS)
    made: list[list[object]] = []
    for states, options in conditioning_to:
        before: list[Box] = options["gligen"][2] if "gligen" in options else []
        if len(before) == BOXES:
            ctx.warn(f"GLIGEN knows {BOXES} boxes; further ones do not count.")
        made.append([states, {**options, "gligen": ("position", gligen_textbox_model, [*before, box])}])
    return made
