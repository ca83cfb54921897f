"""Hooks: changes of weights that hold for single prompts and for parts of the denoising.

A hook travels on HOOKS wires, then among the options of conditioning (`hooks`), and is fitted to a model's network
only when a run begins. While prompts are read a CLIP can wear it as well: see `clip_hooks.py`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from models.adapters.keyframes import Keyframes
from models.adapters.lora import clip_changes, model_changes
from models.adapters.weight_patches import WeightChange

if TYPE_CHECKING:
    from models.adapters.lora_file import LoraFile
    from models.sdxl.text import Clip
    from models.types import Model


class Adjustable(WeightChange, Protocol):
    """A change that can be made at any strength."""

    def at(self, strength: float) -> WeightChange:
        """The same change at a strength: 1 as it is meant, 0 none."""
        ...


class HookSource(Protocol):
    """Where a hook's changes come from."""

    def model_changes(self, model: Model) -> Mapping[str, Adjustable]:
        """What it changes of a denoising network, by parameter. Raises CheckpointError where it does not fit."""
        ...

    def clip_changes(self, clip: Clip) -> Mapping[str, Mapping[str, Adjustable]]:
        """What it changes of each text encoder: by the role's name, then by parameter."""
        ...

    def memory_parts(self) -> Iterator[tuple[Hashable, int]]:
        """What it holds in memory, for caches that add up bytes."""
        ...


@dataclass(frozen=True, eq=False)
class LoraSource:
    """A LoRA file."""

    lora: LoraFile

    def model_changes(self, model: Model) -> Mapping[str, Adjustable]:
        """See `HookSource`."""
        return model_changes(model, self.lora)

    def clip_changes(self, clip: Clip) -> Mapping[str, Mapping[str, Adjustable]]:
        """See `HookSource`."""
        return clip_changes(clip, self.lora)

    def memory_parts(self) -> Iterator[tuple[Hashable, int]]:
        """The file's tensors."""
        for entry in self.lora.entries:
            for tensor in entry.delta.tensors():
                storage = tensor.untyped_storage()
                yield storage.data_ptr(), storage.nbytes()


@dataclass(frozen=True, eq=False)
class Hook:
    """One change of weights. Hooks with the same `key` are the same hook, however often they are combined."""

    source: HookSource
    strength_model: float = 1.0
    strength_clip: float = 1.0
    keyframes: Keyframes = field(default_factory=Keyframes)
    key: object = field(default_factory=object)


@dataclass(frozen=True, eq=False)
class Hooks:
    """What travels on HOOKS wires. Immutable."""

    hooks: tuple[Hook, ...] = ()

    def plus(self, further: Iterable[Hook]) -> Hooks:
        """These, and after them what of the further ones is not among them."""
        known = {id(hook.key) for hook in self.hooks}
        return Hooks((*self.hooks, *(hook for hook in further if id(hook.key) not in known)))

    def with_keyframes(self, keyframes: Keyframes) -> Hooks:
        """The same hooks, all of them scheduled by `keyframes`."""
        return Hooks(tuple(replace(hook, keyframes=keyframes) for hook in self.hooks))

    def memory_parts(self) -> Iterator[tuple[Hashable, int]]:
        """What the hooks hold, for caches that add up bytes."""
        for hook in self.hooks:
            yield from hook.source.memory_parts()
