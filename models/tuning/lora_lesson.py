"""Learning a LoRA: two thin matrices beside each chosen layer (Hu et al., arXiv 2106.09685)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.adapters.deltas import LowRank
from models.adapters.weight_patches import NO_PATCHES, Change, Patches
from models.export.stream import write_tensors
from models.export.tensors import of_tensor, total_size
from models.sdxl.text import Clip
from models.tuning.lesson import Product, Told, Values
from models.tuning.lora_notes import lora_notes
from models.tuning.settings import LoraSettings
from models.tuning.targets import text_targets, unet_targets
from models.types import Model

UNET = "unet"


@dataclass(frozen=True)
class _Place:
    """One layer that is changed."""

    part: str  # "unet", or the role of a text encoder
    name: str  # the module's own
    stem: str  # kohya's name
    layer: nn.Module


class LoraLesson:
    """The factors of every chosen layer; the networks' own weights never change."""

    word = None

    def __init__(self, model: Model, clip: Clip, settings: LoraSettings, seed: int, dtype: torch.dtype) -> None:
        self._model, self._clip, self._dtype = model, clip, dtype
        self._rank = settings.rank
        self._alpha = settings.alpha or float(settings.rank)
        self._places = _places(model, clip, settings)
        generator = torch.Generator().manual_seed(seed)
        self._factors: dict[str, nn.Parameter] = {}
        for place in self._places:
            up, down = _factors(place.layer, settings.rank, generator)
            device = model.memory.device
            self._factors[f"{place.stem}.lora_up.weight"] = nn.Parameter(up.to(device))
            self._factors[f"{place.stem}.lora_down.weight"] = nn.Parameter(down.to(device))

    @property
    def parameters(self) -> Mapping[str, nn.Parameter]:
        """Both factors of each layer, under kohya's names."""
        return self._factors

    @property
    def of_text(self) -> frozenset[str]:
        """Those of text encoders."""
        stems = tuple(f"{place.stem}." for place in self._places if place.part != UNET)
        return frozenset(name for name in self._factors if name.startswith(stems)) if stems else frozenset()

    @property
    def reads_text(self) -> bool:
        """Where text encoders are changed."""
        return any(place.part != UNET for place in self._places)

    def vectors(self) -> None:
        """None: no word is learned."""

    @contextmanager
    def learning(self) -> Generator[None]:
        """Each chosen layer adds its factors' product."""
        hooks = [place.layer.register_forward_hook(self._adding(place)) for place in self._places]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _adding(self, place: _Place) -> Callable[[nn.Module, tuple[Any, ...], Tensor], Tensor]:
        up, down = self._pair(self._factors, place)
        compute = _convolved if isinstance(place.layer, nn.Conv2d) else _multiplied
        scale = self._alpha / self._rank

        def add(layer: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> Tensor:
            return output + scale * compute(layer, inputs[0], up, down).to(output.dtype)

        return add

    @contextmanager
    def showing(self, values: Values) -> Generator[tuple[Model, Clip]]:
        """As a LoRA of strength 1."""
        changes: defaultdict[str, dict[str, Change]] = defaultdict(dict)
        for place in self._places:
            up, down = self._pair(values, place)
            delta = LowRank(up.detach(), down.detach())
            changes[place.part][f"{place.name}.weight"] = Change(delta, self._alpha / self._rank)
        texts = {name: self._plus(name, made) for name, made in changes.items() if name != UNET}
        model = replace(self._model, patches=self._model.patches.plus(changes[UNET]))
        yield model, replace(self._clip, patches={**self._clip.patches, **texts})

    def _plus(self, role: str, changes: Mapping[str, Change]) -> Patches:
        return self._clip.patches.get(role, NO_PATCHES).plus(changes)

    def prompt(self, text: str) -> str:
        """As it is."""
        return text

    def product(self, values: Values, told: Told) -> Product:
        """A file of kohya's names, which diffusers reads too."""
        tensors: dict[str, Tensor] = {name: value.detach().to("cpu", self._dtype) for name, value in values.items()}
        tensors |= {f"{place.stem}.alpha": torch.tensor(self._alpha) for place in self._places}
        outgoing = {name: of_tensor(one.contiguous()) for name, one in tensors.items()}
        notes = lora_notes(self._model, told, self._rank, self._alpha)
        return Product(
            "loras", ".safetensors", total_size(outgoing), partial(write_tensors, tensors=outgoing, metadata=notes)
        )

    def _pair(self, values: Mapping[str, Tensor], place: _Place) -> tuple[Tensor, Tensor]:
        return values[f"{place.stem}.lora_up.weight"], values[f"{place.stem}.lora_down.weight"]


def _places(model: Model, clip: Clip, settings: LoraSettings) -> list[_Place]:
    chosen = unet_targets(model.network, settings.targets, settings.convolutions)
    places = [_Place(UNET, name, _stem("lora_unet", name), layer) for name, layer in chosen.items()]
    if not settings.text_encoders:
        return places
    for encoder in clip.encoders:
        beginning = {"l": "lora_te1", "g": "lora_te2"}[encoder.role.name] if len(clip.encoders) > 1 else "lora_te"
        places += [
            _Place(encoder.role.name, own, _stem(beginning, name), layer) for own, name, layer in text_targets(encoder)
        ]
    return places


def _stem(beginning: str, name: str) -> str:
    return f"{beginning}_{name.replace('.', '_')}"


def _factors(layer: nn.Module, rank: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """The first factor starts at zero, so that the network starts as it is; the second as a layer of its own would."""
    weight: Tensor = layer.get_parameter("weight")
    down = torch.empty(rank, *weight.shape[1:])
    bound = 1 / math.sqrt(down[0].numel())
    down.uniform_(-bound, bound, generator=generator)
    return torch.zeros(weight.shape[0], rank, *[1] * (weight.ndim - 2)), down


def _multiplied(_layer: nn.Module, x: Tensor, up: Tensor, down: Tensor) -> Tensor:
    return F.linear(F.linear(x.to(_format(x, down)), down), up)


def _convolved(layer: nn.Module, x: Tensor, up: Tensor, down: Tensor) -> Tensor:
    assert isinstance(layer, nn.Conv2d) and not isinstance(layer.padding, str)
    return F.conv2d(F.conv2d(x.to(_format(x, down)), down, None, layer.stride, layer.padding), up)


def _format(x: Tensor, factor: Tensor) -> torch.dtype:
    """The factor's, unless autocast brings the two together."""
    return x.dtype if torch.is_autocast_enabled(x.device.type) else factor.dtype
