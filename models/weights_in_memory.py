"""What networks take in main memory, for caches that add up bytes."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from torch import nn


def memory_parts(*networks: nn.Module) -> Iterator[tuple[Hashable, int]]:
    """The pieces of memory of networks' weights, and their bytes.

    A piece is named by the parameter, which stays the same object while its data moves to a device and back. Weights
    that lie in a mapped file are counted as if they were read: they are, as soon as the network is used.
    """
    for network in networks:
        for tensor in (*network.parameters(), *network.buffers()):
            yield id(tensor), tensor.numel() * tensor.element_size()
