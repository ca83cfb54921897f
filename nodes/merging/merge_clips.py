"""Merging text encoders."""

from typing import Annotated

from execution.fields import Help, Range
from execution.node import Context, NodeInputError, node
from models.merging.blend import Portions, Step
from models.merging.merge import MergeError, Weigh, merge_clips
from models.merging.recipe import average
from nodes.merging.merge_models import Multiplier
from nodes.types import Clip

First = Annotated[Clip, Help("The text encoders that are changed.")]
Second = Annotated[Clip, Help("The text encoders of the same family that are brought in.")]


@node("CLIPMergeSimple", category="advanced/model_merging")
def clip_merge_simple(
    *,
    clip1: First,
    clip2: Second,
    ratio: Annotated[float, Range(0, 1, step=0.01), Help("How much of clip1 stays: 1 all of it, 0 only clip2.")] = 1.0,
    ctx: Context,
) -> Clip:
    """Average the text encoders of two checkpoints of one family, each with the one of its kind."""
    portions = average(ratio)
    return _merged(ctx, clip1, clip2, lambda _name: portions, Step("average", {"ratio": ratio}))


@node("CLIPMergeSubtract", category="advanced/model_merging")
def clip_merge_subtract(*, clip1: First, clip2: Second, multiplier: Multiplier = 1.0, ctx: Context) -> Clip:
    """Take clip2 from clip1: what is left, times the multiplier, is a difference that CLIPMergeAdd or LoraSave takes,
    and no text encoder to read prompts with."""
    portions = Portions(multiplier, -multiplier)
    return _merged(ctx, clip1, clip2, lambda _name: portions, Step("subtract", {"multiplier": multiplier}))


@node("CLIPMergeAdd", category="advanced/model_merging")
def clip_merge_add(*, clip1: First, clip2: Second, ctx: Context) -> Clip:
    """Add clip2, such as a difference that CLIPMergeSubtract made, to clip1."""
    portions = Portions(1.0, 1.0)
    return _merged(ctx, clip1, clip2, lambda _name: portions, Step("add"))


def _merged(ctx: Context, clip1: Clip, clip2: Clip, weigh: Weigh, step: Step) -> Clip:
    try:
        done = merge_clips(clip1, clip2, weigh, step)
    except MergeError as error:
        raise NodeInputError("clip2", str(error)) from error
    for sentence in done.warnings:
        ctx.warn(sentence)
    return done.clip
