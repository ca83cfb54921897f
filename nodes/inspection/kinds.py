"""What a value on a wire is, and where its numbers and pictures lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import torch
from torch import Tensor

from models.sdxl.text import Clip
from models.types import Model, Vae
from models.vision.clip_vision import ClipVisionOutput

Kind = Literal[
    "image", "mask", "latent", "conditioning", "model", "clip", "vae", "tensor", "number", "boolean", "text", "other"
]  # fmt: skip

COLOURS: Mapping[int, tuple[str, ...]] = {
    1: ("grey",),
    3: ("red", "green", "blue"),
    4: ("red", "green", "blue", "alpha"),
}
_HANDLES: Mapping[str, Kind] = {"MODEL": "model", "CLIP": "clip", "VAE": "vae"}


@dataclass(frozen=True, eq=False)
class Item:
    """One thing that flowed: of conditioning, one prompt."""

    kind: Kind
    value: Any
    tensor: Tensor | None = None  # its main numbers
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])  # what else it holds, by name

    @property
    def pictures(self) -> int:
        """How many pictures it holds."""
        tensor = self.tensor
        if tensor is None or self.kind not in ("image", "mask", "latent") or not tensor.numel():
            return 0
        alone = 2 if self.kind == "mask" else 3  # dimensions of one picture without a batch
        return 1 if tensor.ndim == alone else tensor.shape[0]


def items_of(values: Sequence[Any], type: str) -> list[Item]:
    """What an output gave; each of its values one item, conditioning as many as it holds prompts."""
    found: list[Item] = []
    for value in values:
        prompts = _prompts(cast("list[Any]", value)) if isinstance(value, list) else None
        found += [_item(value, type)] if prompts is None else prompts
    return found


def _prompts(value: list[Any]) -> list[Item] | None:
    """The prompts of conditioning; None: it is none."""
    prompts: list[Item] = []
    for entry in value:
        parts = cast("Sequence[Any]", entry) if isinstance(entry, (list, tuple)) else ()
        if len(parts) != 2 or not isinstance(parts[0], Tensor) or not isinstance(parts[1], Mapping):
            return None
        prompts.append(Item("conditioning", entry, parts[0], cast("Mapping[str, Any]", parts[1])))
    return prompts or None


def _item(value: Any, type: str) -> Item:
    if isinstance(value, Tensor):
        return Item(_kind_of_tensor(value, type), value, value)
    if isinstance(value, Mapping):
        held = cast("Mapping[str, Any]", value)
        samples = held.get("samples")
        if isinstance(samples, Tensor):
            rest = {name: one for name, one in held.items() if name != "samples"}
            return Item("latent" if samples.ndim == 4 else "tensor", value, samples, rest)
    if isinstance(value, ClipVisionOutput):
        return Item("other", value, value.image_embeds)
    return Item(_kind_of_other(value, type), value)


def _kind_of_tensor(tensor: Tensor, type: str) -> Kind:
    if type == "MASK" and tensor.ndim in (2, 3):
        return "mask"
    picture = tensor.ndim in (3, 4) and tensor.shape[-1] in COLOURS
    if type == "IMAGE" and picture:
        return "image"
    likely = tensor.ndim == 4 and tensor.dtype is torch.float32 and min(tensor.shape[1:3]) > 4
    return "image" if type != "LATENT" and picture and likely else "tensor"


def _kind_of_other(value: Any, type: str) -> Kind:
    if isinstance(value, Model):
        return "model"
    if isinstance(value, Clip):
        return "clip"
    if isinstance(value, Vae):
        return "vae"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "text"
    return _HANDLES.get(type, "other")
