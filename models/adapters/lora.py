"""Putting a LoRA on a model: new handles to the same weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor, nn

from models.adapters.lora_file import Entry, LoraFile
from models.adapters.lora_names import Part, official_name, text_layers, unet_layers
from models.adapters.weight_patches import NO_PATCHES, Change
from models.checkpoints.errors import CheckpointError
from models.sdxl.text import Clip
from models.types import Model

PROMPT_WIDTHS: Mapping[int, str] = {
    768: "Stable Diffusion 1.x",
    1024: "Stable Diffusion 2.x",
    1280: "SDXL's refiner",
    2048: "SDXL",
}
"""Families by how wide their prompts are."""

Blocks = Callable[[str], float]
"""A parameter of the denoising network -> how much of the strength holds for it."""

META = torch.device("meta")
READS_PROMPT = "attn2_to_k"  # ends the name of a layer whose columns are as many as a prompt is wide


class Applied(NamedTuple):
    """Handles that compute with the LoRA, and a sentence about tensors that fit nowhere ("" when all did)."""

    model: Model
    clip: Clip | None
    misfit: str


@dataclass(frozen=True)
class _Target:
    """A network that takes the entries of one part of a file."""

    network: nn.Module
    layers: Mapping[str, str]
    strength: float
    blocks: Blocks | None = None

    def strength_at(self, parameter: str) -> float:
        """How strongly one parameter is changed."""
        return self.strength if self.blocks is None else self.strength * self.blocks(parameter)


def with_lora(
    model: Model,
    clip: Clip | None,
    lora: LoraFile,
    strength_model: float,
    strength_clip: float = 0.0,
    blocks: Blocks | None = None,
) -> Applied:
    """Put a LoRA on a model, and on its text encoders where `clip` is given; LoRAs add up, the first one first.

    `blocks` gives the share of `strength_model` that holds for a parameter of the denoising network.

    Raises:
        CheckpointError: if the LoRA was made for another family, or no tensor fits.
    """
    targets = _targets(model, clip, strength_model, strength_clip, blocks)
    _refuse_another_family(model, lora)
    changes: dict[Part, dict[str, Change]] = {part: {} for part in targets}
    matched, fits, misfits = 0, False, []
    for entry in lora.entries:
        target = targets.get(entry.place.part)
        if target is None and clip is None and entry.place.part != "unet":
            matched += entry.tensors  # text alone: not asked for here, which is no fault of the file
            continue
        fitted = None if target is None else _fit(entry, target)
        if fitted is None:
            misfits.append(entry)
            continue
        matched, fits = matched + entry.tensors, True
        if fitted[1].strength:
            changes[entry.place.part][fitted[0]] = fitted[1]
    if not fits:
        raise CheckpointError(_nothing_fits(model, clip, lora))
    return Applied(
        _changed_model(model, changes["unet"]),
        None if clip is None else _changed_clip(clip, targets, changes),
        _misfit(lora, matched, misfits),
    )


def model_changes(model: Model, lora: LoraFile) -> dict[str, Change]:
    """What a LoRA changes of a denoising network at strength 1, by parameter; nothing where it is for text alone.

    Raises:
        CheckpointError: if it was made for another family, or nothing of what is for the network fits.
    """
    _refuse_another_family(model, lora)
    changes = _changes(lora, {"unet": _unet_target(model, 1.0)})["unet"]
    if not changes and any(entry.place.part == "unet" for entry in lora.entries):
        raise CheckpointError(_nothing_fits(model, None, lora))
    return changes


def clip_changes(clip: Clip, lora: LoraFile) -> dict[str, dict[str, Change]]:
    """What a LoRA changes of each text encoder at strength 1: by the role's name, then by parameter."""
    targets = _text_targets(clip, 1.0)
    changes = _changes(lora, targets)
    found: dict[str, dict[str, Change]] = {}
    for part, target in targets.items():
        for encoder in clip.encoders:
            if encoder is target.network:
                found.setdefault(encoder.role.name, {}).update(changes[part])
    return found


def _changes(lora: LoraFile, targets: Mapping[Part, _Target]) -> dict[Part, dict[str, Change]]:
    """The entries that fit."""
    changes: dict[Part, dict[str, Change]] = {part: {} for part in targets}
    for entry in lora.entries:
        target = targets.get(entry.place.part)
        fitted = None if target is None else _fit(entry, target)
        if fitted is not None:
            changes[entry.place.part][fitted[0]] = fitted[1]
    return changes


def _targets(
    model: Model, clip: Clip | None, strength_model: float, strength_clip: float, blocks: Blocks | None
) -> dict[Part, _Target]:
    unet: dict[Part, _Target] = {"unet": _unet_target(model, strength_model, blocks)}
    return unet if clip is None else unet | _text_targets(clip, strength_clip)


def _unet_target(model: Model, strength: float, blocks: Blocks | None = None) -> _Target:
    return _Target(model.network, unet_layers(model.network, model.config), strength, blocks)


def _text_targets(clip: Clip, strength_clip: float) -> dict[Part, _Target]:
    targets: dict[Part, _Target] = {}
    for number, encoder in enumerate(clip.encoders):
        target = _Target(encoder, text_layers(encoder), strength_clip)
        if number == 0:
            targets["text"] = target
        if encoder.role.name == "l":
            targets["text l"] = target
        elif encoder.role.name == "g":
            targets["text g"] = target
    return targets


def _fit(entry: Entry, target: _Target) -> tuple[str, Change] | None:
    """The parameter that an entry changes, and how; None where there is none of that name and shape."""
    layer = target.layers.get(official_name(entry.place.layer, target.layers))
    if layer is None:
        return None
    weight = getattr(target.network.get_submodule(layer), entry.parameter, None)
    shape = _shape(entry)
    if not isinstance(weight, Tensor) or shape is None:
        return None
    if shape[0] != weight.shape[0] or shape.numel() != weight.numel():
        return None
    lengths = None
    if entry.lengths is not None:
        lengths = _lengths(entry.lengths, weight, entry.by_rows)
        if lengths is None:
            return None
    name = f"{layer}.{entry.parameter}"
    return name, Change(entry.delta, entry.scale, lengths, target.strength_at(name))


def _shape(entry: Entry) -> torch.Size | None:
    """The shape of the difference, computed without its values; None where the factors do not go together."""
    try:
        return entry.delta.full(META).shape
    except (RuntimeError, IndexError):
        return None


def _lengths(lengths: Tensor, weight: Tensor, by_rows: bool) -> Tensor | None:
    """DoRA's lengths beside a weight: one for each of its rows, or for each of its columns."""
    ones = [1] * (weight.ndim - 2)
    if lengths.numel() == weight.shape[0] and (by_rows or lengths.shape[0] == weight.shape[0]):
        return lengths.reshape(-1, 1, *ones)
    if weight.ndim > 1 and lengths.numel() == weight.shape[1] and lengths.shape[0] == 1:
        return lengths.reshape(1, -1, *ones)
    return None


def _changed_model(model: Model, changes: Mapping[str, Change]) -> Model:
    return replace(model, patches=model.patches.plus(changes)) if changes else model


def _changed_clip(clip: Clip, targets: Mapping[Part, _Target], changes: Mapping[Part, Mapping[str, Change]]) -> Clip:
    patches = dict(clip.patches)
    for part, target in targets.items():
        for encoder in clip.encoders:
            if encoder is target.network and changes[part]:
                name = encoder.role.name
                patches[name] = patches.get(name, NO_PATCHES).plus(changes[part])
    return replace(clip, patches=patches)


def _prompt_widths(lora: LoraFile) -> Iterator[int]:
    for entry in lora.entries:
        if entry.place.part == "unet" and entry.place.layer.endswith(READS_PROMPT):
            shape = _shape(entry)
            if shape is not None and len(shape) > 1:
                yield shape[1]


def _refuse_another_family(model: Model, lora: LoraFile) -> None:
    width, own = next(_prompt_widths(lora), None), model.config.context_dim
    if width is not None and width != own:
        target = _unet_target(model, 1.0)
        fitting = (entry for entry in lora.entries if entry.place.part == "unet" and _fit(entry, target))
        matched = sum(entry.tensors for entry in fitting)
        raise CheckpointError(
            f"{lora.name} was made for {_family(width)}, but this model is {_family(own)}: {matched} of the file's "
            f"{lora.total} tensors would fit its network. Choose a LoRA that was made for the model, or load the "
            "model that the LoRA was made for."
        )


def _family(width: int) -> str:
    name = PROMPT_WIDTHS.get(width)
    return f"{name} (prompts {width} values wide)" if name else f"a model whose prompts are {width} values wide"


def _nothing_fits(model: Model, clip: Clip | None, lora: LoraFile) -> str:
    parts = {entry.place.part for entry in lora.entries}
    if clip is None and "unet" not in parts:
        return f"{lora.name} changes text encoders alone. Load it with LoraLoader, which takes a CLIP as well."
    example = next(entry.place.layer for entry in lora.entries)
    return (
        f"None of the {lora.total} tensors of {lora.name} fit this model ({_family(model.config.context_dim)}); the "
        f"first changes {example[:120]!r}, which it does not have in that shape. Choose a LoRA that was made for it."
    )


def _misfit(lora: LoraFile, matched: int, misfits: list[Entry]) -> str:
    if matched == lora.total:
        return ""
    example = f", such as that for {misfits[0].place.layer[:120]!r}" if misfits else ""
    return (
        f"{matched} of the {lora.total} tensors of {lora.name} fit this model and are used; the others{example}, are "
        "not. It may have been made for another model."
    )
