"""What the engine works out once about a node type before it runs nodes of it."""

from __future__ import annotations

from dataclasses import dataclass

from execution.node import Node
from execution.registry import Registry
from execution.schema import InputSpec, NodeSpec

PACKS = "custom_nodes."  # what the modules of node packs are called


@dataclass(eq=False, slots=True)
class Plan:
    """A node type as the engine looks at it."""

    node: Node
    spec: NodeSpec
    prefix: str  # what every cache key of this type begins with: name and code
    inputs: dict[str, InputSpec]
    lazy: frozenset[str]
    raw: frozenset[str]  # inputs that take the link itself
    files: dict[str, InputSpec]
    by_id: bool  # the node's id is part of its key
    lists: tuple[bool, ...]  # per output: whether the node returns a list to be spliced
    urgent: bool  # goes before others: it is an output, or it is async and so overlaps what follows


class Plans:
    """The plans of a registry's node types, made when first needed."""

    def __init__(self, registry: Registry, code_salt: str, session: str = "") -> None:
        self._registry = registry
        self._salt = code_salt
        self._session = session  # part of the keys of node packs
        self._plans: dict[str, Plan] = {}

    def __call__(self, node_type: str) -> Plan:
        """The plan of a type.

        Raises:
            UnknownNodeError: no such type is registered.
        """
        found = self._plans.get(node_type)
        node = self._registry[node_type]
        if found is None or found.node is not node:
            found = self._plans[node_type] = self._make(node)
        return found

    def _make(self, node: Node) -> Plan:
        spec = node.spec
        of_pack = node.instance is not None or spec.python_module.startswith(PACKS)
        salt = f"{self._salt} {self._session}" if of_pack else self._salt
        return Plan(
            node,
            spec,
            f"{spec.name!r} {node.code} {salt}",
            {i.name: i for i in spec.inputs},
            frozenset(i.name for i in spec.inputs if i.lazy),
            frozenset(i.name for i in spec.inputs if i.raw_link),
            {i.name: i for i in spec.inputs if i.files is not None},
            spec.not_idempotent or any(kind == "UNIQUE_ID" for _, kind in node.hidden),
            tuple(o.is_list for o in spec.outputs),
            spec.output_node or node.is_async,
        )
