"""A UI workflow as data: nodes, slots and links, read once and tolerantly.

Versions 0.4 and 1 and everything found in saved files are accepted: links as lists or objects, null links, ids as
numbers or text, missing keys. What cannot be read is left out and told in a `Problem`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from execution.problems import Problem

MUTED, BYPASSED = 2, 4
GRAPH_INPUTS, GRAPH_OUTPUTS = "-10", "-20"  # origin and target of the links at a subgraph's border


@dataclass(slots=True)
class Slot:
    """An input or output of a node, or of a subgraph."""

    name: str
    type: str
    link: str | None = None  # of an input: the id of its link
    widget: str | None = None  # the widget that the slot stands for


@dataclass(slots=True)
class UiNode:
    """A node as the editor saved it."""

    id: str
    type: str
    mode: int = 0
    title: str = ""
    inputs: list[Slot] = field(default_factory=list[Slot])
    outputs: list[Slot] = field(default_factory=list[Slot])
    values: list[Any] | dict[str, Any] = field(default_factory=list[Any])  # widgets_values
    named: dict[str, Any] = field(default_factory=dict[str, Any])  # widgets_values_named, which few files have
    properties: dict[str, Any] = field(default_factory=dict[str, Any])

    def input(self, name: str) -> Slot | None:
        return next((slot for slot in self.inputs if slot.name == name), None)


@dataclass(slots=True)
class UiLink:
    """A link from output `origin_slot` of node `origin`."""

    origin: str
    origin_slot: int
    target: str
    target_slot: int
    type: str


@dataclass(slots=True)
class UiGraph:
    """The root graph or a subgraph's definition; only the latter has inputs and outputs."""

    name: str = ""
    nodes: dict[str, UiNode] = field(default_factory=dict[str, UiNode])
    links: dict[str, UiLink] = field(default_factory=dict[str, UiLink])
    inputs: list[Slot] = field(default_factory=list[Slot])
    outputs: list[Slot] = field(default_factory=list[Slot])
    result_links: dict[int, str] = field(init=False)  # output number -> id of the link into it
    widget_inputs: list[int] = field(init=False)  # the numbers of the inputs that feed a widget

    def __post_init__(self) -> None:
        self.result_links = {link.target_slot: key for key, link in self.links.items() if link.target == GRAPH_OUTPUTS}
        into_widgets = {slot.link for node in self.nodes.values() for slot in node.inputs if slot.widget is not None}
        fed = (
            link.origin_slot for key, link in self.links.items() if link.origin == GRAPH_INPUTS and key in into_widgets
        )
        self.widget_inputs = sorted(set(fed))


@dataclass(slots=True)
class UiDocument:
    """A whole file: its root graph, the definitions of its subgraphs by id, and its old group nodes by name."""

    root: UiGraph
    subgraphs: dict[str, UiGraph]
    group_nodes: dict[str, dict[str, Any]]
    last_node_id: int = 0


def as_map(value: Any) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def as_id(value: Any) -> str:
    """A node's or link's id as text: 5, 5.0 and "5" are the same."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def as_number(value: Any) -> int:
    return int(value) if isinstance(value, (int, float)) and value == value and abs(value) < 2**53 else 0


def read_document(workflow: Mapping[str, Any], problems: list[Problem]) -> UiDocument:
    """Read a UI workflow (decoded JSON); what is broken in it is told in `problems`."""
    subgraphs: dict[str, UiGraph] = {}
    for written in subgraph_definitions(workflow):
        subgraphs[as_id(written.get("id"))] = read_graph(written, problems)
    root = read_graph(workflow, problems)
    groups = {name: as_map(data) for name, data in as_map(as_map(workflow.get("extra")).get("groupNodes")).items()}
    last = as_number(workflow.get("last_node_id") or as_map(workflow.get("state")).get("lastNodeId"))
    numbers = (int(key) for graph in (root, *subgraphs.values()) for key in graph.nodes if _is_number(key))
    return UiDocument(root, subgraphs, groups, max((last, *numbers)))


def subgraph_definitions(workflow: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The subgraphs of a file, also those defined inside other definitions."""
    waiting: list[Mapping[str, Any]] = [workflow]
    while waiting:
        holder = waiting.pop()
        for written in as_list(as_map(holder.get("definitions")).get("subgraphs")):
            definition = as_map(written)
            if definition:
                yield definition
                waiting.append(definition)


def read_graph(written: Mapping[str, Any], problems: list[Problem]) -> UiGraph:
    """Read one graph: the root of a file or the definition of a subgraph."""
    nodes: dict[str, UiNode] = {}
    for entry in as_list(written.get("nodes")):
        node = read_node(as_map(entry))
        if not node.type:
            problems.append(_warning("node_unreadable", "An entry of the workflow's nodes has no type; left out."))
        elif node.id in nodes:
            what = f"Two nodes have the id {node.id}; the later one ({node.type}) counts."
            problems.append(_warning("node_id_twice", what))
        if node.type:
            nodes[node.id] = node
    raw: Any = written.get("links")
    entries = list(cast("dict[str, Any]", raw).values()) if isinstance(raw, dict) else as_list(raw)
    links: dict[str, UiLink] = {}
    broken = 0
    for entry in entries:
        key, link = read_link(entry)
        if link is not None:
            links[key] = link
        broken += link is None and entry is not None
    if broken:
        problems.append(_warning("links_unreadable", f"{broken} of the workflow's links cannot be read; left out."))
    slots = _slots(written.get("inputs")), _slots(written.get("outputs"))
    return UiGraph(as_text(written.get("name")), nodes, links, *slots)


def read_node(written: Mapping[str, Any]) -> UiNode:
    """Read a node; its type is empty where none is given."""
    raw: Any = written.get("widgets_values")
    values: list[Any] | dict[str, Any] = as_map(raw) if isinstance(raw, dict) else as_list(raw)
    return UiNode(
        as_id(written.get("id")),
        as_text(written.get("type")),
        as_number(written.get("mode")),
        as_text(written.get("title")),
        _slots(written.get("inputs")),
        _slots(written.get("outputs")),
        values,
        as_map(written.get("widgets_values_named")),
        as_map(written.get("properties")),
    )


def read_link(written: Any) -> tuple[str, UiLink | None]:
    """A link of either form: `[id, origin, slot, target, slot, type]` or an object. None when it is neither."""
    if isinstance(written, dict):
        link = as_map(written)
        names = ("origin_id", "origin_slot", "target_id", "target_slot")
        if "id" not in link or any(link.get(name) is None for name in names):
            return "", None
        parts = [link["id"], *(link[name] for name in names), link.get("type")]
    else:
        parts = as_list(written)
        if len(parts) < 5 or any(part is None for part in parts[:5]):
            return "", None
    if as_number(parts[2]) < 0 or as_number(parts[4]) < 0:
        return "", None
    kind = parts[5] if len(parts) > 5 else "*"
    link = UiLink(as_id(parts[1]), as_number(parts[2]), as_id(parts[3]), as_number(parts[4]), str(kind))
    return as_id(parts[0]), link


def _slots(written: Any) -> list[Slot]:
    slots: list[Slot] = []
    for entry in as_list(written):
        slot = as_map(entry)
        link = slot.get("link")
        widget = as_map(slot.get("widget")).get("name")
        kind = slot.get("type")
        slots.append(
            Slot(
                as_text(slot.get("name")),
                "*" if kind is None else str(kind),
                None if link is None else as_id(link),
                widget if isinstance(widget, str) else None,
            )
        )
    return slots


def _is_number(key: str) -> bool:
    return key.isdecimal() and len(key) < 16


def _warning(type: str, what: str) -> Problem:
    return Problem(type, what, severity="warning")
