"""What a network was read from: the file's own values, whatever format the network computes in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from models.memory import DeviceMemory

_ATTRIBUTE = "weft_origin"


@dataclass(frozen=True)
class Origin:
    """The tensors of a file, by the names of the parameters that they became.

    They stay in the mapped file until they are read; holding an origin holds no copy of the weights.
    """

    path: Path
    metadata: Mapping[str, str]
    read: Callable[[str], Tensor]  # a parameter's name -> its values as the file keeps them, in the parameter's shape


def remember_origin(network: nn.Module, origin: Origin) -> None:
    """Keep with a network what it was read from. It is no part of the network's state."""
    setattr(network, _ATTRIBUTE, origin)


def origin_of(network: nn.Module) -> Origin | None:
    """What a network was read from; None for one that was made in memory."""
    found = getattr(network, _ATTRIBUTE, None)
    return found if isinstance(found, Origin) else None


def weight_at_home(network: nn.Module, memory: DeviceMemory, name: str) -> Tensor:
    """A parameter's values in main memory: as the file has them if they came from one, else as the network has."""
    origin = origin_of(network)
    return memory.at_home(network.get_parameter(name)) if origin is None else origin.read(name)


def source_name(network: nn.Module) -> str:
    """The file that a network came from, by name."""
    origin = origin_of(network)
    return "a model made in memory" if origin is None else origin.path.name
