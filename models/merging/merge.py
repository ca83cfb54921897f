"""Merging models and text encoders: new handles to the first one's network, whose patches bring in the second one.

A weighted average of checkpoints is the "weighted sum" of the guides, and `first + (second - third)` their "add
difference" (compare Wortsman et al., "Model soups", arXiv 2203.05482; Ilharco et al., "Editing Models with Task
Arithmetic", arXiv 2212.04089).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from torch import nn

from models.adapters.weight_patches import NO_PATCHES, Patches, WeightChange
from models.checkpoints.origin import source_name, weight_at_home
from models.memory import DeviceMemory
from models.merging.blend import Blend, Portions, Scale, Step, steps_of
from models.sdxl.text import Clip
from models.types import Family, Model

FIRST_LAYER = "input_blocks.0.0.weight"
"""The one weight in which a model for inpainting has another shape than one for pictures from nothing."""

FAMILIES: Mapping[Family, str] = {
    "sdxl": "Stable Diffusion XL", "sdxl_refiner": "SDXL's refiner", "sd15": "Stable Diffusion 1.x",
    "sd21": "Stable Diffusion 2.x",
}  # fmt: skip

Weigh = Callable[[str], Portions]
"""A parameter's official name -> how much of each model goes into it."""


class MergeError(ValueError):
    """Models that cannot be merged; the message is a sentence that names both."""


class MergedModel(NamedTuple):
    """A merged model, and what the user should know about it."""

    model: Model
    warnings: tuple[str, ...]


class MergedClip(NamedTuple):
    """Merged text encoders, and what the user should know about them."""

    clip: Clip
    warnings: tuple[str, ...]


def merge_models(first: Model, second: Model, weigh: Weigh, step: Step) -> MergedModel:
    """The first model with the second one's weights brought in; schedule, tweaks and the rest are the first one's.

    Where the models differ in how many channels their first layer reads, as models for inpainting do, that layer stays
    the first model's.

    Raises:
        MergeError: they are of different shapes.
    """
    odd = _differences(first.network, second.network)
    if odd - {FIRST_LAYER}:
        raise MergeError(_refusal(first, second, min(odd - {FIRST_LAYER})))
    step = _told(step, second.network, second.patches)
    changes = _blends(first.network, second.network, second.memory, second.patches, weigh, step)
    warnings: list[str] = []
    if odd:
        changes |= _left_alone(weigh(FIRST_LAYER), step)
        warnings.append(
            f"The first layer of model1 reads {first.config.in_channels} channels and that of model2 "
            f"{second.config.in_channels}: it stays model1's, everything else is merged."
        )
    if first.schedule.prediction != second.schedule.prediction:
        warnings.append(
            f"model1 predicts {first.schedule.prediction} and model2 {second.schedule.prediction}; the merge is "
            "sampled as model1. Models that predict different things seldom make a useful merge."
        )
    return MergedModel(replace(first, patches=first.patches.plus(changes)), tuple(warnings))


def merge_clips(first: Clip, second: Clip, weigh: Weigh, step: Step) -> MergedClip:
    """The first text encoders with those of the second brought in, each with the one of the same kind (l, g, h).

    Raises:
        MergeError: no encoder is of the same kind and shape, or one is missing altogether.
    """
    for name, clip in (("clip1", first), ("clip2", second)):
        if not clip.encoders:
            raise MergeError(f"{name}: {clip.absence}")
    others = {encoder.role.name: encoder for encoder in second.encoders}
    patches = dict(first.patches)
    alone: list[str] = []
    for encoder in first.encoders:
        name = encoder.role.name
        other = others.get(name)
        if other is None:
            alone.append(name)
            continue
        odd = _differences(encoder, other)
        if odd:
            raise MergeError(
                f"The text encoders {name!r} of clip1 ({source_name(encoder)}) and clip2 ({source_name(other)}) are of "
                f"different shapes: {_compared(encoder, other, min(odd))}. Merge text encoders of one family."
            )
        theirs = second.patches.get(name, NO_PATCHES)
        changes = _blends(encoder, other, second.memory, theirs, weigh, _told(step, other, theirs))
        patches[name] = patches.get(name, NO_PATCHES).plus(changes)
    if len(alone) == len(first.encoders):
        raise MergeError(
            f"clip1 has the text encoders {_listed(first)} and clip2 {_listed(second)}: there is nothing to merge. "
            "Merge text encoders of one family."
        )
    warnings = [f"clip2 has no text encoder {name!r}: clip1's stays as it is." for name in alone]
    return MergedClip(replace(first, patches=patches), tuple(warnings))


def _told(step: Step, second: nn.Module, patches: Patches) -> Step:
    """The step with what it brings in."""
    return replace(step, other=source_name(second), before=steps_of(patches.all_changes()))


def _blends(
    first: nn.Module, second: nn.Module, memory: DeviceMemory, patches: Patches, weigh: Weigh, step: Step
) -> dict[str, WeightChange]:
    """For each parameter of the first network that the second has in the same shape."""
    changes: dict[str, WeightChange] = {}
    others = dict(second.named_parameters())
    for name, parameter in first.named_parameters():
        portions = weigh(name)
        if name not in others or others[name].shape != parameter.shape or portions == (1.0, 0.0):
            continue
        values = weight_at_home(second, memory, name)
        changes[name] = Blend(portions, values, tuple(patches.changes.get(name, ())), step)
    return changes


def _left_alone(portions: Portions, step: Step) -> dict[str, WeightChange]:
    """What becomes of the first layer without a partner: nothing in an average, its portion in a sum."""
    if portions.keep == 1.0 or portions.keep + portions.share == 1.0:
        return {}
    return {FIRST_LAYER: Scale(portions.keep, step)}


def _differences(first: nn.Module, second: nn.Module) -> set[str]:
    """Names of parameters that one lacks or has in another shape."""
    one = {name: parameter.shape for name, parameter in first.named_parameters()}
    other = {name: parameter.shape for name, parameter in second.named_parameters()}
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


def _refusal(first: Model, second: Model, example: str) -> str:
    one, other = (f"{source_name(model.network)} ({FAMILIES[model.family]})" for model in (first, second))
    return (
        f"model1, {one}, and model2, {other}, are of different shapes: "
        f"{_compared(first.network, second.network, example)}. Merge models of one family."
    )


def _compared(first: nn.Module, second: nn.Module, name: str) -> str:
    shapes = [
        next((str(list(parameter.shape)) for own, parameter in network.named_parameters() if own == name), "not there")
        for network in (first, second)
    ]
    return f"the weight {name} is {shapes[0]} in the first and {shapes[1]} in the second"


def _listed(clip: Clip) -> str:
    return ", ".join(repr(encoder.role.name) for encoder in clip.encoders)
