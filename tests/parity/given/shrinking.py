"""Workflows made small: few steps, few pixels, small batches; what they are made of stays as it is.

Sizes and places shrink by one factor, so that areas, pasted latents and borders keep their places; steps keep their
order, so that a second sampler still goes on where the first has stopped.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from execution.graph import Graph, GraphNode, Link
from execution.schema import NodeSpec

SIDE = 128  # pixels, of the longest side of blank latents
ENLARGED_SIDE = 64  # the same in workflows that enlarge pictures by networks
ENLARGERS = frozenset({"ImageUpscaleWithModel"})
STEPS = 2
RANGE_STEPS = 4  # of samplers that do some of the steps
MOST_BATCH = 2
MOST_UPSCALE = 1.5
UNIT = 8  # pixels of one latent

SIZES = frozenset({"width", "height", "resize_width", "resize_height", "target_width", "target_height"})
PLACES = frozenset({"x", "y", "left", "top", "right", "bottom", "crop_w", "crop_h", "feathering", "feather"})
SOURCES = frozenset({"EmptyLatentImage", "EmptyImage", "SolidMask"})
PRIMITIVES = frozenset({"PrimitiveInt", "PrimitiveFloat"})


def shrink(graph: Graph, catalogue: Mapping[str, NodeSpec]) -> None:
    """Change a prompt's numbers in place, to what their inputs take."""
    side = ENLARGED_SIDE if any(node.type in ENLARGERS for node in graph.values()) else SIDE
    factor = min(1.0, side / max(_blank_sides(graph), default=8 * side))
    for node in graph.values():
        _shrink_steps(node)
        for name, value in list(node.inputs.items()):
            owner, key = _owner(graph, node, name, value)
            number = owner.inputs.get(key)
            if isinstance(number, bool) or not isinstance(number, (int, float)):
                continue
            if (changed := _smaller(node, name, number, factor)) is not None:
                spec = catalogue[node.type].input(name)
                least = spec.options.get("min", 0) if spec else 0
                owner.inputs[key] = max(changed, min(least, number))


def _blank_sides(graph: Graph) -> Iterator[float]:
    for node in graph.values():
        if node.type in SOURCES:
            for name in ("width", "height"):
                owner, key = _owner(graph, node, name, node.inputs.get(name))
                if isinstance(value := owner.inputs.get(key), (int, float)):
                    yield value


def _owner(graph: Graph, node: GraphNode, name: str, value: Any) -> tuple[GraphNode, str]:
    """Where the number of an input is written: at the node, or at the primitive that feeds it."""
    if isinstance(value, Link) and value.node in graph and graph[value.node].type in PRIMITIVES:
        return graph[value.node], "value"
    return node, name


def _smaller(node: GraphNode, name: str, number: float, factor: float) -> float | None:
    if name in SIZES:
        return UNIT * max(1, round(number * factor / UNIT)) if number else None
    if name in PLACES and isinstance(number, int):
        return UNIT * round(number * factor / UNIT)
    if name == "batch_size":
        return min(number, MOST_BATCH)
    if name == "scale_by":
        return min(number, MOST_UPSCALE)
    if name == "megapixels":
        return min(number, 0.01)
    return None


def _shrink_steps(node: GraphNode) -> None:
    steps = node.inputs.get("steps")
    if not isinstance(steps, int):
        return
    bounds: Mapping[str, Any] = {name: node.inputs.get(name) for name in ("start_at_step", "end_at_step")}
    inner = [value for value in bounds.values() if isinstance(value, int) and 0 < value < steps]
    fewer = min(steps, RANGE_STEPS if inner else STEPS)
    node.inputs["steps"] = fewer
    for name, value in bounds.items():
        if value in inner:
            node.inputs[name] = min(max(1, math.floor(value * fewer / steps)), fewer - 1)
