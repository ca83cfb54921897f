"""Hypernetworks: small networks that change what the keys and values of attention are made from.

The method of A1111's web interface: for tokens of each width there are two of them, and what they make of the tokens is
added to these.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass

from torch import Tensor, nn

from models.memory import DeviceMemory
from models.sdxl.network_patches import QKV, Attention, NetworkPatch, Spot
from models.weights_in_memory import memory_parts


class KeyValueNetworks(nn.ModuleDict):
    """For each width, as text, the network for keys and that for values; tokens [B, n, width] in and out."""

    def widths(self) -> set[int]:
        """The widths that there are networks for."""
        return {int(name) for name in self}


@dataclass(frozen=True, eq=False)
class Hypernetwork(NetworkPatch):
    """Adds what the networks say, `strength` times."""

    networks: KeyValueNetworks
    strength: float
    memory: DeviceMemory  # brings the networks to the device

    def memory_parts(self) -> Iterator[tuple[Hashable, int]]:
        """See `NetworkPatch`."""
        return memory_parts(self.networks)

    def around(self, which: Attention, tokens: QKV, spot: Spot, rest: Callable[[QKV], Tensor]) -> Tensor:
        """See `NetworkPatch`."""
        del which, spot
        width = str(tokens.k.shape[-1])
        if width not in self.networks:
            return rest(tokens)
        with self.memory.resident(self.networks) as networks:
            keys, values = networks[width]  # pyright: ignore[reportGeneralTypeIssues]
            changed = tokens._replace(
                k=tokens.k + self.strength * keys(tokens.k), v=tokens.v + self.strength * values(tokens.v)
            )
        return rest(changed)
