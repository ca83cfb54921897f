"""Other formulas of guidance: nodes that cost no time."""

from typing import Annotated

from execution.fields import Help, Name, Range
from execution.node import node
from models.patches.epsilon import ScaledNoise
from models.patches.fresca import FrequencyScaledGuidance
from models.patches.mahiro import similarity_guidance
from models.patches.norm_limit import LimitedGuidance
from models.patches.projected import ProjectedGuidance
from models.patches.rescale import RescaledGuidance
from models.patches.tangential import damp_tangential
from models.patches.zero_star import fitted_guidance
from nodes.types import Fraction, Model

Guided = Annotated[Model, Help("The model to change.")]
Patched = Annotated[Model, Name("patched_model")]
Frequencies = Annotated[float, Range(0, 10, step=0.01)]


@node("RescaleCFG", category="advanced/model", display_name="RescaleCFG")
def rescale_cfg(
    *,
    model: Guided,
    multiplier: Annotated[
        Fraction, Help("How much of the contrast that strong guidance adds is taken back: 0 none, 1 all.")
    ] = 0.7,
) -> Model:
    """Keep strong guidance from burning the picture out. Made for v-prediction models; others profit at a high cfg."""
    return model.with_tweak("RescaleCFG", guidance=RescaledGuidance(multiplier))


@node("APG", category="sampling/custom_sampling", display_name="Adaptive Projected Guidance")
def adaptive_projected_guidance(
    *,
    model: Guided,
    eta: Annotated[
        float, Range(-10, 10, step=0.01), Help("How much of guidance that only adds saturation stays: 1 all, 0 none.")
    ] = 1.0,
    norm_threshold: Annotated[
        float, Range(0, 50, step=0.1), Help("Guidance longer than this is shortened to it; 0: never.")
    ] = 5.0,
    momentum: Annotated[
        float,
        Range(-5, 1, step=0.01),
        Help("How much earlier steps' guidance counts; the paper takes below 0. 0: off."),
    ] = 0.0,
) -> Model:
    """Strong guidance without oversaturated colours and artifacts."""
    return model.with_tweak("APG", before_guidance=(ProjectedGuidance(eta, norm_threshold, momentum),))


@node(
    "Mahiro",
    category="_for_testing",
    display_name="Mahiro is so cute that she deserves a better guidance function!! (。・ω・。)",
)
def mahiro(*, model: Guided) -> Patched:
    """Follow the positive prompts more, the less the negative ones agree with what comes of both."""
    return model.with_tweak("Mahiro", after_guidance=(similarity_guidance,))


@node("FreSca", category="_for_testing", display_name="FreSca")
def fresca(
    *,
    model: Guided,
    scale_low: Annotated[Frequencies, Help("Strength of guidance over the layout.")] = 1.0,
    scale_high: Annotated[Frequencies, Help("Strength of guidance over details.")] = 1.25,
    freq_cutoff: Annotated[
        int, Range(1, 10000, step=1), Help("Where details begin, in periods over a side of the latent.")
    ] = 20,
) -> Model:
    """Scale the coarse and the fine part of guidance apart."""
    return model.with_tweak("FreSca", before_guidance=(FrequencyScaledGuidance(scale_low, scale_high, freq_cutoff),))


@node("TCFG", category="advanced/guidance", display_name="Tangential Damping CFG")
def tangential_damping_cfg(*, model: Guided) -> Patched:
    """Leave out of the negative prediction what has nothing to do with the positive one: cleaner pictures."""
    return model.with_tweak("TCFG", before_guidance=(damp_tangential,))


@node("CFGZeroStar", category="advanced/guidance")
def cfg_zero_star(*, model: Guided) -> Patched:
    """Scale the negative prediction to fit the positive one before both are compared."""
    return model.with_tweak("CFGZeroStar", after_guidance=(fitted_guidance,))


@node("CFGNorm", category="advanced/guidance")
def cfg_norm(
    *,
    model: Guided,
    strength: Annotated[float, Range(0, 100, step=0.01), Help("Scales the result; 1 leaves it.")] = 1.0,
) -> Patched:
    """Let guidance make no point of the latent larger than the prompts alone make it."""
    return model.with_tweak("CFGNorm", after_guidance=(LimitedGuidance(strength),))


@node("Epsilon Scaling", category="model_patches/unet")
def epsilon_scaling(
    *,
    model: Guided,
    scaling_factor: Annotated[
        float, Range(0.5, 1.5, step=0.001), Help("The predicted noise is divided by this; just above 1 is usual.")
    ] = 1.005,
) -> Model:
    """Counter that sampling takes away a little too much noise in each step; sharpens details."""
    return model.with_tweak("Epsilon Scaling", after_guidance=(ScaledNoise(scaling_factor),))
