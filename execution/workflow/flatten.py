"""Subgraphs laid flat: every use of a definition becomes a scope whose nodes have ids like "12:7:3"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from execution.problems import Problem, WorkflowError
from execution.workflow.document import BYPASSED, MUTED, UiDocument, UiGraph, UiNode
from execution.workflow.limits import MAX_NESTING, MAX_NODES


@dataclass(slots=True, eq=False)
class Scope:
    """One use of a graph: the root, or a subgraph at the place of an instance."""

    graph: UiGraph
    prefix: str = ""  # of the ids of its nodes: "12:7:"
    silent: bool = False  # muted or bypassed as a whole: its nodes are not sent
    parent: Scope | None = None
    instance: UiNode | None = None
    depth: int = 0
    children: dict[str, Scope] = field(default_factory=dict[str, "Scope"])  # instance id -> what is inside

    def full_id(self, node: UiNode) -> str:
        return self.prefix + node.id


def flatten(document: UiDocument, problems: list[Problem]) -> list[Scope]:
    """The scopes of a workflow: the root first, each before what is inside it.

    An instance of a definition that contains itself is not opened, and told as a problem.

    Raises:
        WorkflowError: more than 100,000 nodes in all, or subgraphs nested more than 2,000 deep.
    """
    endless = _endless(document)
    scopes = [Scope(document.root)]
    count = 0
    for scope in scopes:  # grows while it is walked
        count += len(scope.graph.nodes)
        if count > MAX_NODES:
            raise WorkflowError(f"This workflow has more than {MAX_NODES:,} nodes, those inside subgraphs counted.")
        for node in _instances(scope.graph, document):
            if node.type in endless:
                problems.append(_contains_itself(scope, node, document))
                continue
            if scope.depth + 1 > MAX_NESTING:
                raise WorkflowError(f"The subgraphs of this workflow are nested more than {MAX_NESTING:,} deep.")
            silent = scope.silent or node.mode in (MUTED, BYPASSED)
            prefix = f"{scope.full_id(node)}:"
            inner = Scope(document.subgraphs[node.type], prefix, silent, scope, node, scope.depth + 1)
            scope.children[node.id] = inner
            scopes.append(inner)
    return scopes


def _instances(graph: UiGraph, document: UiDocument) -> Iterator[UiNode]:
    return (node for node in graph.nodes.values() if node.type in document.subgraphs)


def _endless(document: UiDocument) -> set[str]:
    """The definitions that contain themselves, directly or through others: what is left when leaves are taken off."""
    uses = {key: {node.type for node in _instances(graph, document)} for key, graph in document.subgraphs.items()}
    used_by: dict[str, list[str]] = {key: [] for key in uses}
    for key, inner in uses.items():
        for one in inner:
            used_by[one].append(key)
    remaining = {key: len(inner) for key, inner in uses.items()}
    finished = [key for key, count in remaining.items() if count == 0]
    for key in finished:  # grows while it is walked
        for user in used_by[key]:
            remaining[user] -= 1
            if remaining[user] == 0:
                finished.append(user)
    return uses.keys() - set(finished)


def _contains_itself(scope: Scope, node: UiNode, document: UiDocument) -> Problem:
    name = document.subgraphs[node.type].name
    what = f"the subgraph '{name}' contains itself, directly or inside another subgraph."
    remedy = "Remove the inner one."
    return Problem("subgraph_endless", what, remedy, node=scope.full_id(node), node_type=name, title=node.title)
