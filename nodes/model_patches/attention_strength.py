"""Multiplying the weights of attention: experiments with what a model looks at."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from execution.fields import Help, Range
from execution.node import node
from models import types as handles
from models.adapters.weight_patches import NO_PATCHES
from models.patches.multiply import multiplied
from nodes.model_patches.guidance import Guided
from nodes.types import Clip, Model

Factor = Annotated[float, Range(0, 10, step=0.01)]
Queries = Annotated[Factor, Help("Factor of the queries: above 1 attention is more decided.")]
Keys = Annotated[Factor, Help("Factor of the keys: as that of the queries.")]
Values = Annotated[Factor, Help("Factor of the values: above 1 attention says more.")]
Out = Annotated[Factor, Help("Factor of what comes out.")]


def _with_factors(model: handles.Model, factors: Mapping[str, float]) -> handles.Model:
    names = (name for name, _ in model.network.named_parameters())
    changes = multiplied(names, factors)
    return replace(model, patches=model.patches.plus(changes)) if changes else model


@node("UNetSelfAttentionMultiply", category="_for_testing/attention_experiments")
def unet_self_attention_multiply(
    *, model: Guided, q: Queries = 1.0, k: Keys = 1.0, v: Values = 1.0, out: Out = 1.0
) -> Model:
    """Multiply the weights by which parts of the picture look at each other."""
    return _with_factors(model, {"attn1.to_q": q, "attn1.to_k": k, "attn1.to_v": v, "attn1.to_out.0": out})


@node("UNetCrossAttentionMultiply", category="_for_testing/attention_experiments")
def unet_cross_attention_multiply(
    *, model: Guided, q: Queries = 1.0, k: Keys = 1.0, v: Values = 1.0, out: Out = 1.0
) -> Model:
    """Multiply the weights by which parts of the picture look at the prompt."""
    return _with_factors(model, {"attn2.to_q": q, "attn2.to_k": k, "attn2.to_v": v, "attn2.to_out.0": out})


@node("UNetTemporalAttentionMultiply", category="_for_testing/attention_experiments")
def unet_temporal_attention_multiply(
    *,
    model: Guided,
    self_structural: Annotated[Factor, Help("Factor of what parts of a picture tell each other.")] = 1.0,
    self_temporal: Annotated[Factor, Help("The same between a video's frames; these models have none.")] = 1.0,
    cross_structural: Annotated[Factor, Help("Factor of what the prompt tells.")] = 1.0,
    cross_temporal: Annotated[Factor, Help("The same between a video's frames; these models have none.")] = 1.0,
) -> Model:
    """Multiply what attention gives. Pictures have only the structural kind; the temporal one is that of videos."""
    del self_temporal, cross_temporal
    return _with_factors(model, {"attn1.to_out.0": self_structural, "attn2.to_out.0": cross_structural})


@node("CLIPAttentionMultiply", category="_for_testing/attention_experiments")
def clip_attention_multiply(
    *,
    clip: Annotated[Clip, Help("The text encoders to change.")],
    q: Queries = 1.0,
    k: Keys = 1.0,
    v: Values = 1.0,
    out: Out = 1.0,
) -> Clip:
    """Multiply the weights by which a prompt's words look at each other."""
    factors = {"self_attn.q_proj": q, "self_attn.k_proj": k, "self_attn.v_proj": v, "self_attn.out_proj": out}
    patches = dict(clip.patches)
    for encoder in clip.encoders:
        role = encoder.role.name
        changes = multiplied((name for name, _ in encoder.named_parameters()), factors)
        if changes:
            patches[role] = patches.get(role, NO_PATCHES).plus(changes)
    return replace(clip, patches=patches)
