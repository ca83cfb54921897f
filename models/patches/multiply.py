"""Weights multiplied by a number."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from torch import Tensor

from models.adapters.weight_patches import WeightChange


@dataclass(frozen=True)
class Multiplied:
    """A `WeightChange`."""

    factor: float

    def of(self, weight: Tensor) -> Tensor:
        """See `WeightChange`."""
        return weight * self.factor

    def memory_parts(self) -> Iterator[tuple[Hashable, int]]:
        """Nothing."""
        return iter(())


def multiplied(parameters: Iterable[str], factors: Mapping[str, float]) -> dict[str, WeightChange]:
    """Changes for those of `parameters` that belong to a layer whose name ends as `factors` says.

    Factors of 1 change nothing and are left out.
    """
    changes: dict[str, WeightChange] = {}
    for name in parameters:
        layer = name.rpartition(".")[0]
        for ending, factor in factors.items():
            if factor != 1.0 and f".{layer}".endswith(f".{ending}"):
                changes[name] = Multiplied(factor)
    return changes
