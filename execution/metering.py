"""How much memory a node takes: measured by whoever knows the device."""

from __future__ import annotations

from typing import Protocol


class Meter(Protocol):
    """Measures one node at a time, on the thread that calls it; async nodes, which overlap, are not measured."""

    def begin(self) -> None:
        """A node is about to be called."""
        ...

    def peak(self, seconds: float) -> int | None:
        """The most bytes since `begin`, that many seconds ago; None: nobody can say."""
        ...
