"""One weight made of two: `keep * own + share * other`."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from models.adapters.weight_patches import WeightChange


class Portions(NamedTuple):
    """How much of each of two weights goes into the merged one."""

    keep: float  # of the first model's
    share: float  # of the second model's


@dataclass(frozen=True, eq=False)
class Step:
    """One merge, as a file's notes tell of it. Its blends share it."""

    operation: str  # "average", "add", "subtract"
    settings: Mapping[str, float] = field(default_factory=dict[str, float])
    other: str = ""  # file of the second model
    before: Sequence[Step] = ()  # merges that the second model was itself made by

    def to_json(self) -> dict[str, object]:
        """As it is written into a saved file."""
        told: dict[str, object] = {"operation": self.operation, **self.settings, "with": self.other}
        return {**told, "which_is": [step.to_json() for step in self.before]} if self.before else told

    def sources(self) -> Iterator[str]:
        """The files that it brings in."""
        yield self.other
        for step in self.before:
            yield from step.sources()


@dataclass(frozen=True, eq=False)
class Blend:
    """A merge's part in one weight. `other` stays where the second model's file keeps it until it is used."""

    portions: Portions
    other: Tensor  # in main memory, in the weight's shape and any format
    changes: Sequence[WeightChange]  # what the second model's own patches make of it first
    step: Step

    def of(self, weight: Tensor) -> Tensor:
        """The merged weight, float32, on the weight's device."""
        other = self.other.to(weight.device, torch.float32)
        for change in self.changes:
            other = change.of(other)
        return weight.mul(self.portions.keep).add_(other, alpha=self.portions.share)

    def memory_parts(self) -> Iterator[tuple[Hashable, int]]:
        """The second model's weight, named by where it lies, and its patches."""
        yield self.other.data_ptr(), self.other.nbytes
        for change in self.changes:
            yield from change.memory_parts()


def steps_of(changes: Iterable[WeightChange]) -> list[Step]:
    """The merges among changes, each once, in their order."""
    return list(dict.fromkeys(change.step for change in changes if isinstance(change, (Blend, Scale))))


@dataclass(frozen=True, eq=False)
class Scale:
    """A weight that the second model lacks in this shape: nothing is added to the first model's, only its portion."""

    portion: float
    step: Step

    def of(self, weight: Tensor) -> Tensor:
        """The weight times the portion."""
        return weight * self.portion

    def memory_parts(self) -> Iterator[tuple[Hashable, int]]:
        """None."""
        return iter(())
