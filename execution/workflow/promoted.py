"""Promoted widgets: values that a subgraph's instance holds for widgets inside it.

Editors have written them in several ways: by position, one for each subgraph input that feeds a widget; or beside
`properties.proxyWidgets`, a list of [inner node, widget], where "-1" names an input of the subgraph. An instance
without values leaves those inside as they are.
"""

from __future__ import annotations

import json
from typing import Any

from execution.workflow.document import UiGraph, UiNode, as_id, as_list


def promoted_value(instance: UiNode, graph: UiGraph, number: int) -> tuple[Any] | None:
    """The instance's own value for input `number` of the subgraph, as a 1-tuple; None when it holds none."""
    name = graph.inputs[number].name if number < len(graph.inputs) else ""
    if isinstance(instance.values, dict):
        return (instance.values[name],) if name in instance.values else None
    values = instance.values
    entries = proxy_widgets(instance)
    own = [widget for node, widget in entries if node == "-1"]
    promoted = graph.widget_inputs
    place: int | None = None
    if entries and len(values) != len(promoted):
        if len(values) == len(entries) and ("-1", name) in entries:
            place = entries.index(("-1", name))
        elif len(values) == len(own) and name in own:
            place = own.index(name)
    elif number in promoted:
        place = promoted.index(number)
    return (values[place],) if place is not None and place < len(values) else None


def proxy_values(instance: UiNode, graph: UiGraph) -> dict[str, dict[str, Any]]:
    """The instance's values for widgets promoted without a subgraph input: inner node -> widget -> value."""
    entries = proxy_widgets(instance)
    if not isinstance(instance.values, list) or len(instance.values) != len(entries):
        return {}
    if len(instance.values) == len(graph.widget_inputs):
        return {}
    result: dict[str, dict[str, Any]] = {}
    for (node, widget), value in zip(entries, instance.values, strict=True):
        result.setdefault(node, {})[widget] = value
    return result


def proxy_widgets(instance: UiNode) -> list[tuple[str, str]]:
    """`properties.proxyWidgets`; some editors saved it as JSON text."""
    written: Any = instance.properties.get("proxyWidgets")
    if isinstance(written, str):
        try:
            written = json.loads(written)
        except ValueError:
            return []
    pairs = (as_list(entry) for entry in as_list(written))
    return [(as_id(pair[0]), str(pair[1])) for pair in pairs if len(pair) >= 2]
