"""Guiders: a model with its prompts and the way in which they steer it."""

from typing import Annotated

from execution.fields import Help, Range
from execution.node import node
from models.sampling.dual_guidance import DualStyle
from models.sampling.guiders import CfgGuider, DualCfgGuider, PerpNegGuider
from nodes.custom_sampling.values import Guider
from nodes.sampling import Guidance, Negative, Positive
from nodes.types import Conditioning, Model

Guided = Annotated[Model, Help("The model that removes the noise.")]


@node("BasicGuider", category="sampling/custom_sampling/guiders", display_name="BasicGuider")
def basic_guider(*, model: Guided, conditioning: Positive) -> Guider:
    """Follow one prompt as it is: without a negative prompt, and twice as fast. For turbo and LCM models."""
    return CfgGuider(model, conditioning, (), 1.0)


@node("CFGGuider", category="sampling/custom_sampling/guiders", display_name="CFGGuider")
def cfg_guider(*, model: Guided, positive: Positive, negative: Negative, cfg: Guidance = 8.0) -> Guider:
    """Move from the negative prompt towards the positive one and beyond, as the KSampler does."""
    return CfgGuider(model, positive, negative, cfg)


@node("DualCFGGuider", category="sampling/custom_sampling/guiders", display_name="DualCFGGuider")
def dual_cfg_guider(
    *,
    model: Guided,
    cond1: Positive,
    cond2: Annotated[Conditioning, Help("What lies between: for InstructPix2Pix the picture without the prompt.")],
    negative: Negative,
    cfg_conds: Annotated[Guidance, Help("How far to go from `cond2` to `cond1`.")] = 8.0,
    cfg_cond2_negative: Annotated[
        Guidance,
        Help("How far to go from the negative prompt: to `cond2` (regular), or to the result of the other (nested)."),
    ] = 8.0,
    style: Annotated[DualStyle, Help("regular: both ways are added up; nested: one begins with the other's result.")],
) -> Guider:
    """Guide by three prompts with two scales."""
    return DualCfgGuider(model, cond1, cond2, negative, cfg_conds, cfg_cond2_negative, style)


@node("PerpNegGuider", category="_for_testing")
def perp_neg_guider(
    *,
    model: Guided,
    positive: Positive,
    negative: Negative,
    empty_conditioning: Annotated[Conditioning, Help("An empty prompt, from which both are compared.")],
    cfg: Guidance = 8.0,
    neg_scale: Annotated[float, Range(0, 100, step=0.01), Help("How strongly the negative prompt counts.")] = 1.0,
) -> Guider:
    """Avoid of the negative prompt only what the positive one does not ask for (Perp-Neg)."""
    return PerpNegGuider(model, positive, negative, empty_conditioning, cfg, neg_scale)
