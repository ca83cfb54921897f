"""Changing what a network computes without changing its weights.

`Patches` says what is added to which weight. A changed weight is made when it is used, and dropped again: the weights
themselves are never written to, so a network without its patches is the network that it was, bit by bit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from models.adapters.deltas import Delta


class WeightChange(Protocol):
    """Something that makes another weight of a weight."""

    def of(self, weight: Tensor) -> Tensor:
        """The changed weight, float32, of a weight in float32, which stays as it is."""
        ...

    def memory_parts(self) -> Iterator[tuple[Hashable, int]]:
        """The pieces of memory that it holds, and their bytes, for caches that add them up."""
        ...


@dataclass(frozen=True, eq=False)
class Change:
    """A difference to one weight, how strong it is, and for DoRA how long the rows of the result shall be."""

    delta: Delta
    scale: float = 1.0  # alpha / rank
    lengths: Tensor | None = None  # DoRA: [out, 1, ...], or [1, in, ...] for columns
    strength: float = 1.0

    def of(self, weight: Tensor) -> Tensor:
        """The changed weight, float32, of a weight in float32."""
        difference = self.delta.full(weight.device).reshape(weight.shape)
        if self.lengths is None:
            return weight.add(difference, alpha=self.scale * self.strength)
        changed = weight.add(difference, alpha=self.scale)
        lengths = self.lengths.to(weight)
        along = tuple(axis for axis, size in enumerate(lengths.shape) if size == 1)
        changed = changed * (lengths / torch.linalg.vector_norm(changed, dim=along, keepdim=True))
        return changed if self.strength == 1.0 else weight + (changed - weight) * self.strength

    def at(self, strength: float) -> Change:
        """The same difference at another strength."""
        return replace(self, strength=strength)

    def memory_parts(self) -> Iterator[tuple[Hashable, int]]:
        """The factors."""
        lengths = () if self.lengths is None else (self.lengths,)
        for tensor in (*self.delta.tensors(), *lengths):
            storage = tensor.untyped_storage()
            yield storage.data_ptr(), storage.nbytes()


@dataclass(frozen=True, eq=False)
class Patches:
    """Changes by the name of the parameter that they belong to, in the order in which they are made. Immutable."""

    changes: Mapping[str, Sequence[WeightChange]] = field(default_factory=lambda: MappingProxyType({}))

    def __bool__(self) -> bool:
        return bool(self.changes)

    def plus(self, further: Mapping[str, WeightChange]) -> Patches:
        """These, and after them `further`."""
        joined = {name: (*self.changes.get(name, ()), change) for name, change in further.items()}
        return Patches(MappingProxyType({**self.changes, **joined}))

    def all_changes(self) -> list[WeightChange]:
        """The changes of every parameter."""
        return [change for changes in self.changes.values() for change in changes]

    def of(self, name: str, weight: Tensor) -> Tensor:
        """The changed weight of the parameter `name`, in the format of `weight`."""
        changed = weight.float()
        for change in self.changes[name]:
            changed = change.of(changed)
        return changed.to(weight.dtype)

    def memory_parts(self) -> Iterator[tuple[Hashable, int]]:
        """What the changes take, for caches that add up bytes."""
        for changes in self.changes.values():
            for change in changes:
                yield from change.memory_parts()


NO_PATCHES = Patches()


@contextmanager
def patched_at_use(network: nn.Module, patches: Patches) -> Iterator[None]:
    """Inside the `with` block layers compute with changed weights, each made for one call and dropped after it."""
    layers: defaultdict[str, list[str]] = defaultdict(list)
    for name in patches.changes:
        layer, _, parameter = name.rpartition(".")
        layers[layer].append(parameter)
    changed: list[nn.Module] = []
    try:
        for name, parameters in layers.items():
            layer = network.get_submodule(name)
            makers = {one: partial(patches.of, f"{name}.{one}") for one in parameters}
            # a layer's own `forward` is found before that of its class, and deleting it leaves no trace
            layer.__dict__["forward"] = partial(_forward, layer, makers)
            changed.append(layer)
        yield
    finally:
        for layer in changed:
            layer.__dict__.pop("forward", None)


def _forward(layer: nn.Module, makers: Mapping[str, Callable[[Tensor], Tensor]], *inputs: Any, **named: Any) -> Any:
    own: dict[str, Any] = layer._parameters
    kept = {name: own[name] for name in makers}
    try:
        with torch.no_grad():
            own.update({name: make(kept[name].data) for name, make in makers.items()})
        return type(layer).forward(layer, *inputs, **named)
    finally:
        own.update(kept)
