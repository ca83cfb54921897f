"""Placing nodes: columns by depth, so that every link runs from left to right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

COLUMN_GAP, ROW_GAP = 80, 70  # pixels; the row gap leaves room for the title bar above a node


class Box(NamedTuple):
    width: float
    height: float


class Spot(NamedTuple):
    x: float
    y: float


def place(parents: Mapping[str, Sequence[str]], boxes: Mapping[str, Box]) -> dict[str, Spot]:
    """Where each node goes, in an order in which each comes after those it takes values from.

    `parents` names for each node the nodes it takes values from. A column holds the nodes whose longest way from a
    node without parents is equally long, sorted by the height of what they take from. Nodes of a cycle come last.
    """
    depth = _depths(parents)
    columns: dict[int, list[str]] = {}
    for node, column in depth.items():
        columns.setdefault(column, []).append(node)
    spots: dict[str, Spot] = {}
    x = 0.0
    for _, members in sorted(columns.items()):
        heights = {node: _mean([spots[p].y for p in parents[node] if p in spots]) for node in members}
        y = 0.0
        for node in sorted(members, key=lambda node: heights[node]):
            spots[node] = Spot(x, y)
            y += boxes[node].height + ROW_GAP
        x += max(boxes[node].width for node in members) + COLUMN_GAP
    return spots


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _depths(parents: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """The longest way to each node, without recursion; nodes of or behind a cycle get the last column."""
    children: dict[str, list[str]] = {node: [] for node in parents}
    waiting_for: dict[str, int] = {}
    for node, above in parents.items():
        known = {parent for parent in above if parent in parents}
        waiting_for[node] = len(known)
        for parent in known:
            children[parent].append(node)
    depth: dict[str, int] = {}
    ready = [node for node, count in waiting_for.items() if count == 0]
    for node in ready:  # grows while it is walked
        depth[node] = max((depth[p] + 1 for p in parents[node] if p in depth), default=0)
        for child in children[node]:
            waiting_for[child] -= 1
            if waiting_for[child] == 0:
                ready.append(child)
    last = max(depth.values(), default=-1) + 1
    return {**depth, **{node: last for node in parents if node not in depth}}
