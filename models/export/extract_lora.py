"""A difference between models as a LoRA file: each layer's difference, whole or as the nearest product of low rank.

The best approximation of rank r keeps the r largest singular values (Eckart & Young 1936). Both factors get the square
root of them, so that neither is too small for float16.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from models.adapters.weight_patches import NO_PATCHES, Patches
from models.checkpoints.assemble import places_of
from models.checkpoints.origin import weight_at_home
from models.export.tensors import ExportError, Outgoing
from models.memory import DeviceMemory
from models.sdxl.text import Clip
from models.types import Model

Kind = Literal["standard", "full_diff"]
KEPT_AS = torch.float16
UNET = "diffusion_model."
TEXT = "text_encoders.clip_{}.transformer."
NOTHING = 1e-12  # a difference no larger than that is none

Told = Callable[[int, int], None]


class Extract(NamedTuple):
    """How a difference is kept."""

    kind: Kind
    rank: int
    biases: bool  # whether biases and the weights of norms are kept too


class Extracted(NamedTuple):
    """A LoRA's tensors, and how many layers had no difference to keep."""

    tensors: dict[str, Outgoing]
    unchanged: int


class _Source(NamedTuple):
    """One network whose weights are differences."""

    network: nn.Module
    memory: DeviceMemory
    patches: Patches
    prefix: str


def extract(model: Model | None, clip: Clip | None, how: Extract, told: Told | None = None) -> Extracted:
    """The LoRA of handles whose weights are differences, as merges by subtraction make them.

    `told(layers done, all)` may raise to stop.

    Raises:
        ExportError: no layer differs, or a difference is no number.
    """
    sources = [] if model is None else [_Source(model.network, model.memory, model.patches, UNET)]
    for encoder in clip.encoders if clip else ():
        assert clip is not None
        name = encoder.role.name
        sources.append(_Source(encoder, clip.memory, clip.patches.get(name, NO_PATCHES), TEXT.format(name)))
    layers = [(source, name, place) for source in sources for name, place in _layers(source)]
    tensors: dict[str, Outgoing] = {}
    unchanged = 0
    for number, (source, name, place) in enumerate(layers):
        if told is not None:
            told(number, len(layers))
        source.memory.interruption()
        found = dict(_kept(source, name, place, how))
        unchanged += not found
        tensors |= found
    if not tensors:
        raise ExportError("No layer differs: there is nothing to keep. Subtract another model.")
    return Extracted(tensors, unchanged)


def _layers(source: _Source) -> Iterator[tuple[str, str]]:
    """Parameters, and the names that LoRA files give them."""
    around = "text_model." if source.prefix != UNET else ""
    for name, place in places_of(source.network).items():
        yield name, place if place.startswith("text_projection.") else f"{around}{place}"


def _kept(source: _Source, name: str, place: str, how: Extract) -> Iterator[tuple[str, Outgoing]]:
    """What of a parameter's difference goes into the file; nothing where there is none."""
    layer, _, kind = place.rpartition(".")
    stem = source.prefix + layer
    with torch.no_grad():
        difference = _difference(source, name)
        if difference.abs().max().item() <= NOTHING:
            return
        if kind == "bias":
            if how.biases:
                yield f"{stem}.diff_b", _small(difference)
        elif difference.ndim < 2:
            if how.biases:
                yield f"{stem}.diff", _small(difference)
        elif how.kind == "full_diff":
            yield f"{stem}.diff", Outgoing(KEPT_AS, tuple(difference.shape), partial(_whole, source, name))
        else:
            up, down = low_rank(difference, how.rank)
            yield f"{stem}.lora_up.weight", _small(up)
            yield f"{stem}.lora_down.weight", _small(down)


def _difference(source: _Source, name: str) -> Tensor:
    """A parameter as patches make it, float32."""
    weight = weight_at_home(source.network, source.memory, name).to(source.memory.device, torch.float32)
    made = source.patches.of(name, weight) if name in source.patches.changes else weight
    if not made.isfinite().all():
        raise ExportError(f"The difference of the weight {name} is no number. Subtract models that are not damaged.")
    return made


def _whole(source: _Source, name: str) -> Tensor:
    return _difference(source, name).to(KEPT_AS)


def low_rank(difference: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """Factors whose product is the nearest of that rank to a difference of the shape [out, in] or [out, in, k, k].

    The first is [out, r] or [out, r, 1, 1], the second [r, in] or [r, in, k, k].
    """
    matrix = difference.flatten(1)
    rank = min(rank, *matrix.shape)
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    root = values[:rank].sqrt()
    up, down = left[:, :rank] * root, root[:, None] * right[:rank]
    if difference.ndim == 2:
        return up, down
    return up[..., None, None], down.reshape(rank, *difference.shape[1:])


def _small(tensor: Tensor) -> Outgoing:
    kept = tensor.to(KEPT_AS).cpu()
    return Outgoing(kept.dtype, tuple(kept.shape), lambda: kept)
