"""Cache keys: what a node's result depends on, as one digest.

A key is a Merkle hash over the node's type, the version of its code, its constants, the content of the files it
reads, its fingerprint, and the keys of what is linked to it. Ids and the order of nodes are not in it, so equal
nodes share results and re-opening, renaming or re-ordering a workflow keeps them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from secrets import token_hex
from typing import Any, Protocol

from execution.constants import SCALARS, constant_text
from execution.dynamic_graph import DynamicGraph
from execution.errors import DependencyCycleError, NodeError, NodeInputError
from execution.graph import GraphNode, Link
from execution.plan import Plan, Plans
from execution.registry import UnknownNodeError


class FileDigests(Protocol):
    """Content digests of files, given by the caller (who knows the folders)."""

    def digest(self, folder: str, name: str) -> str:
        """A digest of the content of a file.

        Raises:
            OSError: there is no such file, or it cannot be read.
        """
        ...

    def mentioned(self, folder: str, text: str | None) -> str:
        """A digest of the files of a folder that a text names, "" where it names none; None: of all that it might."""
        ...


@dataclass(slots=True)
class KeyNotes:
    """What went into a key besides the graph; kept to explain it."""

    files: dict[str, str] = field(default_factory=dict[str, str])  # input -> digest
    mentioned: dict[str, str] = field(default_factory=dict[str, str])  # input -> digest of what its text names
    fingerprint: str | None = None
    always: str | None = None  # why the node runs every time


@dataclass(slots=True)
class KeyRecord:
    """The keys of one run's submitted nodes, and what they were made of."""

    nodes: dict[str, GraphNode]
    keys: dict[str, str]
    codes: dict[str, str]  # node type -> version of its code
    notes: dict[str, KeyNotes]


Fingerprint = Callable[[GraphNode, Plan], Any]
"""Asks a node for its fingerprint; NaN: run every time."""


class Keys:
    """The keys of one run's nodes, computed when asked for and then kept."""

    def __init__(
        self, graph: DynamicGraph, plans: Plans, files: FileDigests | None, ask_fingerprint: Fingerprint
    ) -> None:
        self.of: dict[str, str] = {}
        self.notes: dict[str, KeyNotes] = {}
        self.fleeting: set[str] = set()  # nodes whose keys no later run has: they or their sources run every time
        self._graph = graph
        self._plans = plans
        self._files = files
        self._ask_fingerprint = ask_fingerprint

    def compute(self, roots: Iterable[str]) -> list[str]:
        """Make the keys of nodes and of everything upstream; the ids of those new, sources first.

        Raises:
            NodeError: a link to nowhere, an unknown type, an unreadable file; or, caused by a
                DependencyCycleError, nodes that are their own sources.
        """
        of, nodes = self.of, self._graph.nodes
        made: list[str] = []
        open_ids: set[str] = set()  # exactly the path from the root to the node at hand
        for root in roots:
            path = [root]
            while path:
                node_id = path[-1]
                if node_id in of:
                    path.pop()
                    continue
                node = nodes[node_id]
                missing = [v.node for v in node.inputs.values() if v.__class__ is Link and v.node not in of]
                if missing:
                    open_ids.add(node_id)
                    self._check_links(node, open_ids)
                    path.extend(reversed(missing))
                    continue
                of[node_id] = self._key(node)
                if self.fleeting and self._depends_on_fleeting(node):
                    self.fleeting.add(node_id)
                open_ids.discard(node_id)
                made.append(node_id)
                path.pop()
        return made

    def _check_links(self, node: GraphNode, open_ids: set[str]) -> None:
        for name, link in node.links():
            if link.node not in self._graph.nodes:
                raise NodeError(
                    self._graph.ref(node.id), f"its input {name} is linked to node {link.node}, which is not there."
                )
            if link.node in open_ids:
                blamed = self._graph.ref(self._graph.ref(node.id).real)
                raise NodeError(
                    blamed, f"dependency cycle: node {link.node} needs, through others, its own output."
                ) from DependencyCycleError(f"Nodes {link.node} and {node.id} need each other.")

    def _key(self, node: GraphNode) -> str:
        try:
            plan = self._plans(node.type)
        except UnknownNodeError as error:
            raise NodeError(self._graph.ref(node.id), str(error)) from error
        parts = [plan.prefix]
        of, declared, inputs = self.of, plan.inputs, node.inputs
        for name in sorted(inputs) if len(inputs) > 1 else inputs:
            value = inputs[name]
            if value.__class__ is Link:
                parts.append(f"{name!r}<{of[value.node]}:{value.slot}")
                if name in plan.raw:  # the link itself is what the node sees, its id included
                    parts.append(repr(value.node))
            elif name in declared:
                parts.append(f"{name!r}={repr(value) if type(value) in SCALARS else self._text(node, name, value)}")
        if plan.by_id:
            parts.append(f"#{node.id!r}")
        if plan.files:
            self._add_files(node, plan, parts)
        if plan.node.mentions and self._files is not None:
            parts += self._mentioned(node, plan, self._files)
        if plan.node.fingerprint is not None:
            self._add_fingerprint(node, plan, parts)
        return blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()

    def _depends_on_fleeting(self, node: GraphNode) -> bool:
        origin = self._graph.origins.get(node.id)
        made_by = origin is not None and origin.parent in self.fleeting
        return made_by or any(link.node in self.fleeting for _, link in node.links())

    def _note(self, node: GraphNode) -> KeyNotes:
        return self.notes.setdefault(node.id, KeyNotes())

    def _unique(self, node: GraphNode, why: str) -> str:
        self._note(node).always = why
        self.fleeting.add(node.id)
        return f"!{token_hex(16)}"

    def _text(self, node: GraphNode, name: str, value: Any) -> str:
        """A constant as text; of an object inside an expansion, where it comes from stands for it."""
        text = constant_text(value)
        if text is not None:
            return text
        origin = self._graph.origins.get(node.id)
        if origin is None:
            return self._unique(node, f"its input {name} is an object that cannot be compared with an earlier one")
        return f"^{self.of[origin.parent]} {origin.row} {origin.position}"

    def _add_files(self, node: GraphNode, plan: Plan, parts: list[str]) -> None:
        for name, spec in plan.files.items():
            value: Any = node.inputs.get(name)
            if value is None or (spec.choices and value in spec.choices):
                continue
            if isinstance(value, Link):
                parts.append(self._unique(node, f"the file that its input {name} names is known only when it runs"))
            elif self._files is None:
                parts.append(self._unique(node, f"nobody can say whether the file of its input {name} has changed"))
            else:
                parts.append(f"{name!r}~{self._digest(node, name, spec.files or '', str(value))}")

    def _mentioned(self, node: GraphNode, plan: Plan, files: FileDigests) -> Iterable[str]:
        for name, folder in plan.node.mentions.items():
            value: Any = node.inputs.get(name)
            digest = files.mentioned(folder, None if isinstance(value, Link) else str(value))
            if digest:
                self._note(node).mentioned[name] = digest
                yield f"{name!r}*{digest}"

    def _digest(self, node: GraphNode, name: str, folder: str, file: str) -> str:
        assert self._files is not None
        try:
            digest = self._files.digest(folder, file)
        except OSError as error:
            cause = NodeInputError(name, f"{file} cannot be read from the folder {folder}: {error.strerror or error}.")
            raise NodeError(self._graph.ref(node.id), f"input {name}: {cause}", {name: [file]}) from cause
        self._note(node).files[name] = digest
        return digest

    def _add_fingerprint(self, node: GraphNode, plan: Plan, parts: list[str]) -> None:
        value = self._ask_fingerprint(node, plan)
        changed = isinstance(value, float) and value != value
        text = None if changed else constant_text(value)
        if text is None:
            parts.append(self._unique(node, "it asks to be run every time"))
        else:
            self._note(node).fingerprint = text
            parts.append(f"?{text}")
