"""A whole checkpoint as if it were a LoRA: what its weights differ by from those of the model it is put on."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from models.checkpoints.errors import CheckpointError
from models.checkpoints.origin import source_name, weight_at_home

if TYPE_CHECKING:
    from models.adapters.hooks import Adjustable
    from models.memory import DeviceMemory
    from models.sdxl.text import Clip
    from models.types import Model


@dataclass(frozen=True, eq=False)
class Toward:
    """Moves a weight by `strength * (other - own)`: with 1 and no other change it becomes the other."""

    own: Tensor  # as loaded, in main memory
    other: Tensor  # of the other model, likewise, in the same shape
    strength: float = 1.0

    def of(self, weight: Tensor) -> Tensor:
        """The moved weight, float32."""
        own, other = (one.to(weight.device, torch.float32) for one in (self.own, self.other))
        return weight.add(other.sub(own), alpha=self.strength)

    def at(self, strength: float) -> Toward:
        """The same at another strength."""
        return replace(self, strength=strength)

    def memory_parts(self) -> Iterator[tuple[Hashable, int]]:
        """The other model's weight; the own one is its model's."""
        yield self.other.data_ptr(), self.other.nbytes


@dataclass(frozen=True, eq=False)
class ModelSource:
    """Another checkpoint, whose weights stay in its file until they are used."""

    model: Model
    clip: Clip | None  # None: the text encoders stay as they are

    def model_changes(self, model: Model) -> Mapping[str, Adjustable]:
        """The differences of the denoising networks.

        Raises:
            CheckpointError: they share no weight of the same shape.
        """
        changes = _differences(model.network, model.memory, self.model.network, self.model.memory)
        if not changes:
            raise CheckpointError(
                f"No weight of {source_name(self.model.network)} has the shape of its like in "
                f"{source_name(model.network)}. A checkpoint can be a hook only for a model of its own family."
            )
        return changes

    def clip_changes(self, clip: Clip) -> Mapping[str, Mapping[str, Adjustable]]:
        """The differences of text encoders of the same kind."""
        others = {encoder.role.name: encoder for encoder in (self.clip.encoders if self.clip else ())}
        return {
            encoder.role.name: _differences(encoder, clip.memory, others[encoder.role.name], clip.memory)
            for encoder in clip.encoders
            if encoder.role.name in others
        }

    def memory_parts(self) -> Iterator[tuple[Hashable, int]]:
        """The other checkpoint's networks."""
        yield from self.model.memory_parts()
        if self.clip is not None:
            yield from self.clip.memory_parts()


def _differences(own: nn.Module, own_memory: DeviceMemory, other: nn.Module, memory: DeviceMemory) -> dict[str, Toward]:
    theirs = dict(other.named_parameters())
    return {
        name: Toward(weight_at_home(own, own_memory, name), weight_at_home(other, memory, name))
        for name, parameter in own.named_parameters()
        if name in theirs and theirs[name].shape == parameter.shape
    }
