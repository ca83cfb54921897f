"""Merging denoising networks."""

from typing import Annotated

from execution.fields import Help, Range
from execution.node import Context, NodeInputError, node
from models.merging.blend import Portions, Step
from models.merging.merge import MergeError, Weigh, merge_models
from models.merging.recipe import average, ratio_of
from nodes.types import Model

First = Annotated[Model, Help("The model that is changed. Its way of sampling stays.")]
Second = Annotated[Model, Help("The model of the same family that is brought in.")]
Ratio = Annotated[float, Range(0, 1, step=0.01), Help("How much of model1 stays: 1 all of it, 0 only model2.")]
Multiplier = Annotated[
    float, Range(-10, 10, step=0.01), Help("What the difference is multiplied by; 1 keeps it as it is.")
]
BlockRatio = Annotated[
    float, Range(0, 1, step=0.01), Help("How much of model1 stays in these blocks: 1 all of it, 0 only model2.")
]


def merged(ctx: Context, model1: Model, model2: Model, weigh: Weigh, step: Step) -> Model:
    """The merge, its warnings told.

    Raises:
        NodeInputError: the models are of different shapes.
    """
    try:
        done = merge_models(model1, model2, weigh, step)
    except MergeError as error:
        raise NodeInputError("model2", str(error)) from error
    for sentence in done.warnings:
        ctx.warn(sentence)
    return done.model


@node("ModelMergeSimple", category="advanced/model_merging")
def model_merge_simple(*, model1: First, model2: Second, ratio: Ratio = 1.0, ctx: Context) -> Model:
    """Average two models of one family, weight by weight. LoRAs on either of them are merged along."""
    portions = average(ratio)
    return merged(ctx, model1, model2, lambda _name: portions, Step("average", {"ratio": ratio}))


@node("ModelMergeSubtract", category="advanced/model_merging")
def model_merge_subtract(*, model1: First, model2: Second, multiplier: Multiplier = 1.0, ctx: Context) -> Model:
    """Take model2 from model1: what is left, times the multiplier, is a difference that ModelMergeAdd or LoraSave
    takes, and no model to sample with."""
    portions = Portions(multiplier, -multiplier)
    return merged(ctx, model1, model2, lambda _name: portions, Step("subtract", {"multiplier": multiplier}))


@node("ModelMergeAdd", category="advanced/model_merging")
def model_merge_add(*, model1: First, model2: Second, ctx: Context) -> Model:
    """Add model2, such as a difference that ModelMergeSubtract made, to model1."""
    portions = Portions(1.0, 1.0)
    return merged(ctx, model1, model2, lambda _name: portions, Step("add"))


@node("ModelMergeBlocks", category="advanced/model_merging")
def model_merge_blocks(
    *,
    model1: First,
    model2: Second,
    input: BlockRatio = 1.0,
    middle: BlockRatio = 1.0,
    out: BlockRatio = 1.0,
    ctx: Context,
) -> Model:
    """Average two models with a ratio each for the way down, the middle and the way up of the network.

    What belongs to none of them, the embeddings of time and size, follows the way down.
    """
    ratios = {"input": input, "middle": middle, "out": out}
    return merged(ctx, model1, model2, lambda name: average(ratio_of(name, ratios)), Step("average", ratios))
