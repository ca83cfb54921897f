"""What may go wrong while a graph runs, each as a sentence for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class NodeRef(NamedTuple):
    """Which node: its own id, and the ids that a user knows it by when an expansion made it."""

    id: str
    type: str
    display: str  # the node on the canvas that shows its progress
    parent: str | None = None  # the node whose expansion made it; None: submitted
    real: str = ""  # the submitted node it descends from, itself when submitted

    def __str__(self) -> str:
        made_by = f", made by node {self.real}" if self.parent is not None else ""
        return f"{self.id} ({self.type}{made_by})"


class NodeDeclarationError(TypeError):
    """A node's signature or class does not say what it must."""


class NodeInputError(ValueError):
    """A node refuses the value of one of its inputs; `sentence` says why and what to do."""

    def __init__(self, input_name: str, sentence: str) -> None:
        super().__init__(sentence)
        self.input_name = input_name
        self.sentence = sentence


class Cancelled(Exception):
    """The run was cancelled; raised inside nodes so that they stop."""


class DependencyCycleError(Exception):
    """Nodes wait for each other."""


class NodeError(Exception):
    """A node failed. `__cause__` is what it raised; `inputs` are the values it was given, as far as there were any."""

    def __init__(self, node: NodeRef, sentence: str, inputs: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"Node {node}: {sentence}")
        self.node = node
        self.sentence = sentence
        self.inputs: Mapping[str, Any] = inputs or {}

    @property
    def input_name(self) -> str | None:
        """The input that the node blamed, if it blamed one."""
        return self.__cause__.input_name if isinstance(self.__cause__, NodeInputError) else None
