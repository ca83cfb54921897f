"""Group nodes, the older form of subgraphs: each use becomes a subgraph of its own.

A group node (`workflow>NAME`, `workflow/NAME`) is a node that stands for several; `extra.groupNodes[NAME]` holds
them with their links by position. Its inputs, outputs and widgets are those of the inner nodes that no inner link
feeds or takes, one after another, less those that its `config` hides. As in the stock editor, which makes subgraphs
of them on loading, the inner nodes get new ids behind the file's last one, and then the node itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from execution.problems import Problem, WorkflowError
from execution.schema import NodeSpec
from execution.workflow.document import (
    GRAPH_INPUTS,
    GRAPH_OUTPUTS,
    Slot,
    UiDocument,
    UiGraph,
    UiLink,
    UiNode,
    as_list,
    as_map,
    as_number,
    read_node,
)
from execution.workflow.limits import MAX_NODES
from execution.workflow.widgets import in_use, places

PREFIXES = ("workflow>", "workflow/")


def group_name(type: str) -> str | None:
    """The name of the group node that `type` stands for; None for other types."""
    return next((type[len(prefix) :] for prefix in PREFIXES if type.startswith(prefix)), None)


def replace_group_nodes(document: UiDocument, catalogue: Mapping[str, NodeSpec], problems: list[Problem]) -> None:
    """Turn every group node of `document` into an instance of a subgraph made for it."""
    waiting: list[tuple[UiGraph, frozenset[str]]] = [(document.root, frozenset())]
    waiting += [(graph, frozenset[str]()) for graph in document.subgraphs.values()]
    made = 0
    while waiting:
        graph, inside = waiting.pop(0)
        replaced: dict[str, UiNode] = {}
        for node in graph.nodes.values():
            name = group_name(node.type)
            if name is None:
                continue
            if name not in document.group_nodes or name in inside:
                problems.append(_unusable(node, name, name in inside))
                continue
            group = _read_group(document.group_nodes[name], catalogue)
            _take_values(group, node, problems)
            made += len(group.nodes) + 1
            if made > MAX_NODES:
                raise WorkflowError(f"The group nodes of this workflow stand for more than {MAX_NODES:,} nodes.")
            definition = _definition(group, node, document)
            document.last_node_id += 1
            key = f"group node {document.last_node_id}"
            document.subgraphs[key] = definition
            replaced[node.id] = replace(node, id=str(document.last_node_id), type=key, values=[])
            waiting.append((definition, inside | {name}))
        if replaced:
            _put(replaced, graph)


@dataclass(frozen=True, slots=True)
class _Widget:
    """One value of the group node's `widgets_values`: value `value` of inner node `node`."""

    node: int
    value: int
    name: str | None  # of the inner input; None for what the editor adds, such as what to do with a seed after a run
    label: str  # the widget's name on the group node


@dataclass(slots=True)
class _Group:
    nodes: list[UiNode]
    links: list[list[Any]]  # between inner nodes: origin, its slot, target, its slot, ..., type
    sockets: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])  # (inner node, input), in order
    outputs: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    widgets: list[_Widget] = field(default_factory=list[_Widget])
    labels: set[str] = field(default_factory=set[str])  # of the widgets


def _unusable(node: UiNode, name: str, recursive: bool) -> Problem:
    what = f"the group node '{name}' contains itself." if recursive else f"the group node '{name}' is not in the file."
    remedy = "Open the workflow where it was made, turn the group node back into nodes, and save it again."
    return Problem("group_node", what, remedy, node=node.id, node_type=node.type, title=node.title)


def _read_group(data: Mapping[str, Any], catalogue: Mapping[str, NodeSpec]) -> _Group:
    nodes = [read_node(as_map(entry)) for entry in as_list(data.get("nodes"))]
    links = [as_list(link) for link in as_list(data.get("links"))]
    group = _Group(nodes, [link for link in links if len(link) >= 4 and _is_inner(link, len(nodes))])
    config = as_map(data.get("config"))
    fed = {(as_number(link[2]), as_number(link[3])) for link in group.links}
    taken = {(as_number(link[0]), as_number(link[1])) for link in group.links}
    shared = _shared_outputs(data)
    for at, node in enumerate(nodes):
        settings = as_map(config.get(str(at)))
        renamed = as_map(settings.get("input"))
        hidden = _hidden(renamed)
        for number, slot in enumerate(node.inputs):
            if slot.widget is None and (at, number) not in fed and slot.name not in hidden:
                group.sockets.append((at, number))
        hidden_outputs = _hidden(as_map(settings.get("output")))
        for number, slot in enumerate(node.outputs):
            visible = (at, number) not in taken or (at, number) in shared
            if visible and not {str(number), slot.name} & hidden_outputs:
                group.outputs.append((at, number))
        hidden |= {slot.widget for number, slot in enumerate(node.inputs) if slot.widget and (at, number) in fed}
        _add_widgets(group, at, hidden, renamed, catalogue.get(node.type))
    return group


def _is_inner(link: list[Any], count: int) -> bool:
    ends = link[0], link[2]
    return None not in link[:4] and all(0 <= as_number(end) < count for end in ends)


def _shared_outputs(data: Mapping[str, Any]) -> set[tuple[int, int]]:
    """Outputs that links outside the group take too: [inner node or its place, output, type]."""
    result: set[tuple[int, int]] = set()
    for entry in map(as_list, as_list(data.get("external"))):
        if len(entry) >= 2:
            at: Any = as_map(entry[0]).get("index") if isinstance(entry[0], dict) else entry[0]
            result.add((as_number(at), as_number(entry[1])))
    return result


def _hidden(settings: Mapping[str, Any]) -> set[str]:
    return {name for name, setting in settings.items() if as_map(setting).get("visible") is False}


def _add_widgets(group: _Group, at: int, hidden: set[str], renamed: Mapping[str, Any], spec: NodeSpec | None) -> None:
    """Add the widgets that inner node `at` shows on the group node: those for which it holds a value itself."""
    node = group.nodes[at]
    count = len(node.values) if isinstance(node.values, list) else 0
    names: list[str | None] = ["value"] * count  # of a primitive, or of a type nobody here knows
    if spec is not None:
        names = [place.name for place in in_use(places(spec), count)][:count]
    shown = True
    for index, name in enumerate(names):
        if name is None:
            if shown:
                group.widgets.append(_Widget(at, index, None, ""))
            continue
        shown = name not in hidden
        if shown:
            label = str(as_map(renamed.get(name)).get("name") or name)
            label = f"{node.title or node.type} {label}" if label in group.labels else label
            group.labels.add(label)
            group.widgets.append(_Widget(at, index, name, label))


def _take_values(group: _Group, instance: UiNode, problems: list[Problem]) -> None:
    """Put the group node's values into its inner nodes, which hold those of the time it was made."""
    values = instance.values if isinstance(instance.values, list) else []
    if values and len(values) != len(group.widgets):
        what = f"the group node has {len(values)} values for {len(group.widgets)} widgets; some may be misplaced."
        problems.append(
            Problem("group_node", what, "Check its values.", "warning", instance.id, instance.type, instance.title)
        )
    for node in group.nodes:
        if isinstance(node.values, list):
            node.values = list(node.values)
    for widget, value in zip(group.widgets, values, strict=False):
        inner = group.nodes[widget.node].values
        if isinstance(inner, list):
            inner[widget.value] = value


def _targets(group: _Group, instance: UiNode) -> list[tuple[int, int] | None]:
    """For each input of the group node the inner node and input that it feeds; widgets become inputs where needed."""
    plain = [slot for slot in instance.inputs if slot.widget is None]
    by_order = len(plain) == len(group.sockets)
    by_name: dict[str, tuple[int, int]] = {}
    for at, number in group.sockets:
        slot = group.nodes[at].inputs[number]
        by_name.setdefault(slot.name or slot.type, (at, number))
    targets: list[tuple[int, int] | None] = []
    sockets = iter(group.sockets)
    for slot in instance.inputs:
        if slot.widget is None:
            targets.append(next(sockets) if by_order else by_name.get(slot.name))
            continue
        widget = next((w for w in group.widgets if w.name is not None and w.label == slot.widget), None)
        targets.append(None if widget is None else (widget.node, _input_for(group.nodes[widget.node], widget.name)))
    return targets


def _input_for(node: UiNode, widget: str | None) -> int:
    number = next((n for n, slot in enumerate(node.inputs) if slot.widget == widget), None)
    if number is None:
        node.inputs.append(Slot(widget or "", "*", widget=widget))
        number = len(node.inputs) - 1
    return number


def _definition(group: _Group, instance: UiNode, document: UiDocument) -> UiGraph:
    """The subgraph that the group node stands for, its nodes under new ids."""
    ids: list[str] = []
    for node in group.nodes:
        document.last_node_id += 1
        node.id = str(document.last_node_id)
        ids.append(node.id)
        for slot in node.inputs:
            slot.link = None
    links: dict[str, UiLink] = {}

    def connect(origin: str, origin_slot: int, target: tuple[int, int], type: str) -> None:
        inputs = group.nodes[target[0]].inputs
        if target[1] < len(inputs):
            key = str(len(links) + 1)
            links[key] = UiLink(origin, origin_slot, ids[target[0]], target[1], type)
            inputs[target[1]].link = key

    for link in group.links:
        target = as_number(link[2]), as_number(link[3])
        connect(ids[as_number(link[0])], as_number(link[1]), target, str(link[-1]))
    for number, target in enumerate(_targets(group, instance)):
        if target is not None:
            connect(GRAPH_INPUTS, number, target, instance.inputs[number].type)
    for number, (at, slot) in enumerate(group.outputs):
        links[str(len(links) + 1)] = UiLink(ids[at], slot, GRAPH_OUTPUTS, number, "*")
    inputs = [Slot(slot.name, slot.type) for slot in instance.inputs]
    outputs = [Slot(slot.name, slot.type) for slot in instance.outputs]
    return UiGraph(group_name(instance.type) or "", {n.id: n for n in group.nodes}, links, inputs, outputs)


def _put(replaced: Mapping[str, UiNode], graph: UiGraph) -> None:
    """Put the instances in the places of the group nodes, old id -> instance; the links follow."""
    nodes = (replaced.get(node.id, node) for node in graph.nodes.values())
    graph.nodes = {node.id: node for node in nodes}
    for link in graph.links.values():
        link.origin = replaced[link.origin].id if link.origin in replaced else link.origin
        link.target = replaced[link.target].id if link.target in replaced else link.target
