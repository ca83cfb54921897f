"""The node types that can run, by name."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from types import ModuleType

from execution.errors import NodeDeclarationError
from execution.node import Node, declared_node
from execution.schema import NodeSpec


class UnknownNodeError(LookupError):
    """There is no node type of that name."""


class Registry:
    """Node types by name. Filled once, before anything runs."""

    def __init__(self, nodes: Iterable[Node] = ()) -> None:
        self._nodes: dict[str, Node] = {}
        for one in nodes:
            self.add(one)

    @classmethod
    def from_modules(cls, modules: Iterable[ModuleType | str]) -> Registry:
        """All functions declared with `@node` in modules; a package stands for every module in it.

        Raises:
            NodeDeclarationError: two different functions declare the same name.
        """
        registry = cls()
        for given in modules:
            module = importlib.import_module(given) if isinstance(given, str) else given
            registry._add_module(module)
            for found in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{module.__name__}."):
                registry._add_module(importlib.import_module(found.name))
        return registry

    def _add_module(self, module: ModuleType) -> None:
        for value in vars(module).values():
            declared = declared_node(value)
            if declared is not None:
                self.add(declared)

    def add(self, node: Node) -> None:
        """Make a node type known; adding it twice is the same as once.

        Raises:
            NodeDeclarationError: another node has its name.
        """
        present = self._nodes.setdefault(node.spec.name, node)
        if present is not node:
            raise NodeDeclarationError(
                f"Two nodes are called {node.spec.name}: one in {present.spec.python_module}, one in "
                f"{node.spec.python_module}. Rename one."
            )

    def __getitem__(self, name: str) -> Node:
        """The node type of that name.

        Raises:
            UnknownNodeError: there is none.
        """
        found = self._nodes.get(name)
        if found is None:
            raise UnknownNodeError(f"There is no node type {name}: the node pack that has it is not installed.")
        return found

    def get(self, name: str) -> Node | None:
        return self._nodes.get(name)

    def __contains__(self, name: object) -> bool:
        return name in self._nodes

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)

    def catalogue(self) -> dict[str, NodeSpec]:
        """The declarations of all node types: what the rest of the program works from."""
        return {name: node.spec for name, node in self._nodes.items()}
