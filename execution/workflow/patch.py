"""Changes to the widgets of a UI workflow, made in place of a person at the editor.

What a command line changes before a run must also stand in the workflow that the pictures carry, or opening such a
picture would show other values than those that made it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from execution.schema import NodeSpec
from execution.workflow.document import as_id, as_list, as_map, read_document
from execution.workflow.widgets import Place, in_use, places, shown_widgets

WidgetChange = tuple[str, str, Any]
"""Node id, input name, new value."""


def change_widgets(
    workflow: Mapping[str, Any], changes: Sequence[WidgetChange], catalogue: Mapping[str, NodeSpec]
) -> tuple[dict[str, Any], list[WidgetChange]]:
    """A copy of `workflow` with the widgets' values changed, and the changes that have no place in it.

    A widget that was fed by a link loses the link, as it does when a person types into it. Nodes inside subgraphs
    (ids with a colon) share one definition among their instances, so they are left alone and returned.
    """
    changed: dict[str, Any] = json.loads(json.dumps(workflow))  # a copy; copy.deepcopy fails where it nests deep
    written = {as_id(as_map(node).get("id")): as_map(node) for node in as_list(changed.get("nodes"))}
    read = read_document(workflow, []).root.nodes
    left: list[WidgetChange] = []
    for change in changes:
        node_id, name, value = change
        spec = catalogue.get(read[node_id].type) if node_id in read else None
        if spec is None or not _set_value(written[node_id], places(spec, shown_widgets(read[node_id])), name, value):
            left.append(change)
        else:
            _unlink(changed, written, written[node_id], name)
    return changed, left


def _set_value(node: dict[str, Any], every: Sequence[Place], name: str, value: Any) -> bool:
    """Put `value` at the widget's place in the node's `widgets_values`; False where there is none."""
    values: Any = node.get("widgets_values")
    if isinstance(values, dict):
        values[name] = value
        return True
    listed = as_list(values)
    order = [place.name for place in in_use(every, len(listed))]
    if name not in order or order.index(name) >= len(listed):
        return False
    listed[order.index(name)] = value
    return True


def _unlink(workflow: dict[str, Any], nodes: Mapping[str, dict[str, Any]], node: dict[str, Any], name: str) -> None:
    """Remove the link into input `name`, from the input, from its origin and from the list of links."""
    slot = next((s for s in map(as_map, as_list(node.get("inputs"))) if s.get("name") == name), None)
    if slot is None or slot.get("link") is None:
        return
    gone = slot["link"]
    slot["link"] = None
    for origin in nodes.values():
        for output in map(as_map, as_list(origin.get("outputs"))):
            if gone in as_list(output.get("links")):
                output["links"].remove(gone)
    workflow["links"] = [link for link in as_list(workflow.get("links")) if _link_id(link) != gone]


def _link_id(link: Any) -> Any:
    return as_map(link).get("id") if isinstance(link, dict) else next(iter(as_list(link)), None)
