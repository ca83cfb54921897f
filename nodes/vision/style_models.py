"""Style models: a picture's look as further tokens of a prompt."""

from typing import Annotated, Literal

import torch

from execution.fields import Files, Help, Range
from execution.node import Context, NodeInputError, node
from models.checkpoint import CheckpointError
from models.memory import DeviceMemory
from models.vision.style_model import load_style_model
from nodes.loaders import model_file
from nodes.types import Conditioning
from nodes.vision.types import ClipVisionOutput, StyleModel


@node("StyleModelLoader", category="loaders", display_name="Load Style Model")
def style_model_loader(
    *, style_model_name: Annotated[str, Files("style_models"), Help("A file in models/style_models.")], ctx: Context
) -> StyleModel:
    """Load a style model of T2I-Adapter, which goes with SD 1.x."""
    path = model_file(ctx, "style_models", "style_model_name", style_model_name)
    try:
        return load_style_model(path, ctx.service(DeviceMemory))
    except CheckpointError as error:
        raise NodeInputError("style_model_name", str(error)) from error


@node("StyleModelApply", category="conditioning/style_model", display_name="Apply Style Model")
def style_model_apply(
    *,
    conditioning: Annotated[Conditioning, Help("The prompt that the look joins.")],
    style_model: Annotated[StyleModel, Help("The style model.")],
    clip_vision_output: Annotated[ClipVisionOutput, Help("The picture, seen by CLIP-L.")],
    strength: Annotated[
        float, Range(0, 10, step=0.001), Help("How strongly the look counts: factor on its tokens.")
    ] = 1.0,
    strength_type: Annotated[
        Literal["multiply", "attn_bias"],
        Help(
            "multiply: the strength is a factor. attn_bias is for Flux; Stable Diffusion takes the tokens as they are."
        ),
    ],
    ctx: Context,
) -> Conditioning:
    """Append a picture's look to a prompt, as further tokens."""
    try:
        tokens = style_model.tokens(clip_vision_output)
    except ValueError as error:
        raise NodeInputError("clip_vision_output", str(error)) from error
    if strength_type == "multiply":
        tokens = tokens * strength
    elif strength != 1.0:
        ctx.warn("attn_bias is for Flux: the strength does not count here. Choose multiply for Stable Diffusion.")
    for states, _ in conditioning:
        if states.shape[-1] != tokens.shape[-1]:
            raise NodeInputError(
                "style_model",
                f"{style_model.name} makes tokens {tokens.shape[-1]} values wide, those of the prompt are "
                f"{states.shape[-1]}. Use a prompt for SD 1.x, or load a style model for this model.",
            )
    return [
        [torch.cat((states, tokens.expand(len(states), -1, -1).to(states)), dim=1), options]
        for states, options in conditioning
    ]
