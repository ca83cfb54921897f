"""Stopping long work between its small parts: the blocks of a network, the tensors of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakSet

import torch
from torch import nn


@dataclass(eq=False)
class Interruption:
    """Asks whether to go on wherever it is called: whoever runs the work decides, by raising an exception of its own.

    Belongs to a `DeviceMemory`, and so to one device and its thread. A network that becomes resident is watched from
    then on: it asks before each convolution, each `LongPart` and each block of its lists of blocks. That costs a
    microsecond each, and never changes what a network computes.
    """

    _ask: Callable[[], None] | None = None
    _watched: WeakSet[nn.Module] = field(default_factory=WeakSet[nn.Module], repr=False)

    def __call__(self) -> None:
        """Return, or raise what whoever asks to stop raises."""
        if self._ask is not None:
            self._ask()

    @contextmanager
    def asking(self, ask: Callable[[], None]) -> Iterator[None]:
        """Call `ask` inside the `with` block; it raises to stop the work."""
        before, self._ask = self._ask, ask
        try:
            yield
        finally:
            self._ask = before

    def watch(self, network: nn.Module) -> None:
        """Have a network ask while it computes; asked for again, it changes nothing."""
        if network in self._watched:
            return
        self._watched.add(network)
        for part in _parts(network):
            part.register_forward_pre_hook(self._before)

    def _before(self, _part: nn.Module, _inputs: Any) -> None:
        if not torch.compiler.is_compiling():  # a compiled network is one piece, and asks nobody
            self()


class LongPart(nn.Module):
    """A part of a network that takes long and is called piece by piece: a watched network asks before each piece."""


def _parts(network: nn.Module) -> Iterator[nn.Module]:
    """Convolutions, long parts, and the entries of lists of blocks: nothing between two of them takes long."""
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, LongPart)):
            yield module
        elif isinstance(module, nn.ModuleList):
            yield from (child for child in module if any(True for _ in child.children()))
