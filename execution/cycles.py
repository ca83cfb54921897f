"""The order in which nodes can run, and the cycles that have none. Without recursion, linear in nodes and links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def run_order(parents: Mapping[str, Sequence[str]]) -> list[str]:
    """The nodes, each after all its parents; nodes on or behind a cycle are left out.

    `parents` names for each node the nodes it takes values from; names that are no keys are ignored.
    """
    children: dict[str, list[str]] = {node: [] for node in parents}
    waiting_for: dict[str, int] = {}
    for node, above in parents.items():
        known = {parent for parent in above if parent in parents}
        waiting_for[node] = len(known)
        for parent in known:
            children[parent].append(node)
    order = [node for node, count in waiting_for.items() if count == 0]
    for node in order:  # grows while it is walked
        for child in children[node]:
            waiting_for[child] -= 1
            if waiting_for[child] == 0:
                order.append(child)
    return order


def find_cycles(parents: Mapping[str, Sequence[str]], blocked: set[str]) -> list[list[str]]:
    """Cycles among `blocked`, the nodes that `run_order` left out: each as a path along the links, from source to user.

    Every blocked node is on or behind one of the cycles given; where cycles share nodes, one of them is given.
    """
    source = {node: next(p for p in parents[node] if p in blocked) for node in parents if node in blocked}
    cycles: list[list[str]] = []
    seen: dict[str, int] = {}  # node -> the walk that came by it
    for walk, start in enumerate(source):
        path: list[str] = []
        node = start
        while node not in seen:
            seen[node] = walk
            path.append(node)
            node = source[node]
        if seen[node] == walk and path:
            cycle = path[path.index(node) :]
            cycles.append([cycle[0], *reversed(cycle[1:])])
    return cycles
