"""Arithmetic on latents."""

from typing import Annotated

from execution.fields import Help, Range
from execution.node import node
from models.latents import interpolate, matched
from models.resize import resize
from nodes.latent import with_samples
from nodes.types import Fraction, Latent

First = Annotated[Latent, Help("The first latents; the result has their size.")]
Second = Annotated[Latent, Help("The second latents, cut, resized and repeated to fit.")]


@node("LatentAdd", category="latent/advanced")
def latent_add(*, samples1: First, samples2: Second) -> Latent:
    """The sum of two latents."""
    a = samples1["samples"]
    return with_samples(samples1, a + matched(samples2["samples"], a))


@node("LatentSubtract", category="latent/advanced")
def latent_subtract(*, samples1: First, samples2: Second) -> Latent:
    """The first latents less the second."""
    a = samples1["samples"]
    return with_samples(samples1, a - matched(samples2["samples"], a))


@node("LatentMultiply", category="latent/advanced")
def latent_multiply(
    *,
    samples: Annotated[Latent, Help("The latents to change.")],
    multiplier: Annotated[float, Range(-10, 10, step=0.01), Help("The factor.")] = 1.0,
) -> Latent:
    """Latents times a number."""
    return with_samples(samples, samples["samples"] * multiplier)


@node("LatentInterpolate", category="latent/advanced")
def latent_interpolate(
    *, samples1: First, samples2: Second, ratio: Annotated[Fraction, Help("Share of the first latents.")] = 1.0
) -> Latent:
    """Between two latents, without the loss of contrast of a plain average."""
    a = samples1["samples"]
    return with_samples(samples1, interpolate(a, matched(samples2["samples"], a), ratio))


@node("LatentBlend", category="_for_testing", display_name="Latent Blend")
def latent_blend(
    *,
    samples1: First,
    samples2: Annotated[Latent, Help("The second latents, cut and resized to fit.")],
    blend_factor: Annotated[float, Range(0, 1, step=0.01), Help("Share of the first latents.")] = 0.5,
) -> Latent:
    """The weighted average of two latents."""
    a, b = samples1["samples"], samples2["samples"]
    if a.shape != b.shape:
        b = resize(b, a.shape[-1], a.shape[-2], "bicubic", "center")
    return with_samples(samples1, a * blend_factor + b * (1 - blend_factor))
