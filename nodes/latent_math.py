"""Arithmetic on latents, and cutting and joining them."""

from typing import Annotated, Literal

import torch

from execution.fields import Help, Range
from execution.node import NodeInputError, node
from models.compositing import as_mask, fit_batch
from models.latents import interpolate, matched
from models.resize import resize
from nodes.latent import with_samples
from nodes.types import MAX_SIDE, Fraction, Latent

SIDES = {"x": -1, "y": -2, "t": -3}
"""Dimensions of latents, counted from the last as videos' have one more than pictures'."""

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


@node("LatentCut", category="latent/advanced")
def latent_cut(
    *,
    samples: Annotated[Latent, Help("The latents to cut a strip out of.")],
    dim: Annotated[
        Literal["x", "y", "t"], Help("x: columns, y: rows. t: a video's frames, which pictures do not have.")
    ],
    index: Annotated[
        int,
        Range(-MAX_SIDE, MAX_SIDE, step=1),
        Help("Where the strip begins; 1 is 8 pixels of the picture. A negative number counts from the end."),
    ] = 0,
    amount: Annotated[int, Range(1, MAX_SIDE, step=1), Help("How much to take; 1 is 8 pixels of the picture.")] = 1,
) -> Latent:
    """Cut columns or rows out of latents; one at least remains. A noise mask is cut with them."""
    whole = samples["samples"]
    side = _side(whole, dim)
    length = whole.shape[side]
    first = max(0, index + length) if index < 0 else min(index, length - 1)
    count = min(amount, length - first)
    cut = with_samples(samples, whole.narrow(side, first, count).clone())
    mask = samples.get("noise_mask")
    if mask is not None and dim != "t":
        cut["noise_mask"] = _at_size_of(mask, whole).narrow(side, first, count).clone()
    return cut


@node("LatentConcat", category="latent/advanced")
def latent_concat(
    *,
    samples1: Annotated[Latent, Help("The first latents.")],
    samples2: Annotated[Latent, Help("The second latents; they are repeated or cut to as many as the first.")],
    dim: Annotated[
        Literal["x", "-x", "y", "-y", "t", "-t"],
        Help("Where the second ones go: x to the right, -x to the left, y below, -y above; t for videos."),
    ],
) -> Latent:
    """Put latents beside or below one another. Their touching sides must be as long. Noise masks go with them."""
    first = samples1["samples"]
    second = fit_batch(samples2["samples"].to(first), first.shape[0])
    side = _side(first, dim)
    if any(a != b for place, (a, b) in enumerate(_pairs(first, second)) if place != first.ndim + side):
        raise NodeInputError(
            "samples2",
            f"Latents of the shapes {list(first.shape)} and {list(second.shape)} do not fit beside one another along "
            f"{dim}. Resize one of them, or choose another side.",
        )
    parts = [first, second]
    joined = with_samples(samples1, torch.cat(parts[::-1] if dim.startswith("-") else parts, side))
    given = [samples1.get("noise_mask"), samples2.get("noise_mask")]
    if any(mask is not None for mask in given) and not dim.endswith("t"):
        masks = [_at_size_of(_all_changes() if m is None else m, x) for m, x in zip(given, parts, strict=True)]
        count = max(mask.shape[0] for mask in masks)
        masks = [fit_batch(mask, count) for mask in masks]
        joined["noise_mask"] = torch.cat(masks[::-1] if dim.startswith("-") else masks, side)
    return joined


def _side(latents: torch.Tensor, dim: str) -> int:
    if dim.endswith("t") and latents.ndim < 5:
        raise NodeInputError("dim", f"Latents of pictures have no time, so {dim} does not apply. Choose x or y.")
    return SIDES[dim.removeprefix("-")]


def _pairs(a: torch.Tensor, b: torch.Tensor) -> list[tuple[int, int]]:
    return list(zip(a.shape, b.shape, strict=True)) if a.ndim == b.ndim else [(a.ndim, b.ndim)]


def _all_changes() -> torch.Tensor:
    """What latents without a noise mask have: sampling may change all of them."""
    return torch.ones(1, 1, 1, 1)


def _at_size_of(mask: torch.Tensor, latents: torch.Tensor) -> torch.Tensor:
    """A noise mask with an entry for each of the latents'."""
    return as_mask(mask, (latents.shape[-2], latents.shape[-1]))
