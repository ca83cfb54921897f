"""What handles to a network that was loaded from a file have in common."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch
from torch import nn

from models.memory import DeviceMemory
from models.weights_in_memory import memory_parts

NetworkT_co = TypeVar("NetworkT_co", bound=nn.Module, covariant=True)


@dataclass(frozen=True, eq=False)
class LoadedNetwork(Generic[NetworkT_co]):
    """A network of a file, the device it computes on and in which format. Never changed."""

    network: NetworkT_co
    memory: DeviceMemory
    dtype: torch.dtype  # of the computation
    name: str  # of the file
    digest: str  # of the file's content

    def memory_parts(self) -> Iterator[tuple[Hashable, int]]:
        """The weights, for caches that add up bytes."""
        return memory_parts(self.network)
