"""Guidance that asks the network once more in each step."""

from typing import Annotated

from execution.fields import Help, Range
from execution.node import NodeInputError, node
from models.patches.perp_neg import PerpendicularNegative
from models.patches.perturbed_attention import PerturbedAttentionGuidance
from models.patches.self_attention_guidance import SelfAttentionGuidance
from models.sampling.tweaks import FurtherPrompts
from nodes.model_patches.guidance import Guided
from nodes.types import Conditioning, Model


@node("PerturbedAttentionGuidance", category="model_patches/unet")
def perturbed_attention_guidance(
    *,
    model: Guided,
    scale: Annotated[
        float, Range(0, 100, step=0.01, round=0.01), Help("How far the result is moved, besides the usual guidance.")
    ] = 3.0,
) -> Model:
    """Lead away from what the network draws when it does not see how parts belong together: firmer structure.

    Each step takes half as long again.
    """
    return model.with_tweak("PerturbedAttentionGuidance", after_guidance=(PerturbedAttentionGuidance(scale),))


@node("SelfAttentionGuidance", category="_for_testing", display_name="Self-Attention Guidance")
def self_attention_guidance(
    *,
    model: Guided,
    scale: Annotated[float, Range(-2, 5, step=0.01), Help("How far the result is moved; below 0: towards.")] = 0.5,
    blur_sigma: Annotated[
        float,
        Range(0, 10, step=0.1),
        Help("How much is blurred where the network looks, in latent values of 8 pixels."),
    ] = 2.0,
) -> Model:
    """Lead away from a version whose important places are blurred: more detail. Each step takes half as long again."""
    change = SelfAttentionGuidance(scale, blur_sigma)
    return model.with_tweak("SelfAttentionGuidance", network=(change,), after_guidance=(change,), needs_uncond=True)


@node("PerpNeg", category="_for_testing", display_name="Perp-Neg (DEPRECATED by PerpNegGuider)")
def perp_neg(
    *,
    model: Guided,
    empty_conditioning: Annotated[Conditioning, Help("An empty prompt, encoded.")],
    neg_scale: Annotated[float, Range(0, 100, step=0.01), Help("How strongly the negative prompt counts.")] = 1.0,
) -> Model:
    """Let the negative prompt take away only what is not part of the positive one. PerpNegGuider does the same."""
    if not empty_conditioning:
        raise NodeInputError("empty_conditioning", "This conditioning is empty. Connect that of an empty prompt.")
    empty = FurtherPrompts(empty_conditioning)
    return model.with_tweak("PerpNeg", prompts=(empty,), guidance=PerpendicularNegative(empty, neg_scale))
