"""From an API prompt to a UI workflow (format 0.4): nodes in columns, widget values in the stock editor's order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from execution.graph import Graph, GraphNode, Link, parse_prompt
from execution.problems import Problem, at_node, shown
from execution.schema import InputSpec, ListFiles, NodeSpec
from execution.workflow.layout import Box, place
from execution.workflow.stock_types import with_stock_types
from execution.workflow.text import has_comment, keep_braces
from execution.workflow.widgets import UPLOADS, Place, is_widget, listed_values, places

OPTIONAL_SHAPE, LIST_SHAPE = 7, 6
WIDTH, TITLE, ROW, MULTILINE = 320, 40, 24, 160  # pixels


@dataclass(frozen=True, slots=True)
class UiConversion:
    """A UI workflow (JSON-ready) and what of the prompt has no place in it."""

    workflow: dict[str, Any]
    problems: list[Problem]


def prompt_to_ui(prompt: Mapping[str, Any], catalogue: Mapping[str, NodeSpec], list_files: ListFiles) -> UiConversion:
    """Lay an API prompt out as a workflow that the stock editor loads and that converts back to the same prompt.

    Ids that are whole numbers stay; others ("12:7", "loader") stay as text, which the format permits. Widget values
    that the prompt lacks take their defaults. A literal for an input that the node's type does not have is left out,
    with a warning. Nodes of unknown types keep their inputs by name.

    Raises:
        PromptShapeError: this is no API prompt.
    """
    graph = parse_prompt(prompt)
    writer = _Writer(graph, with_stock_types(catalogue), list_files)
    return UiConversion(writer.write(), writer.problems)


class _Writer:
    def __init__(self, graph: Graph, catalogue: Mapping[str, NodeSpec], list_files: ListFiles) -> None:
        self._graph = graph
        self._catalogue = catalogue
        self._list_files = list_files
        self.problems: list[Problem] = []
        self._places: dict[str, list[Place]] = {}
        self._links: list[list[Any]] = []
        self._taken: dict[str, dict[int, list[int]]] = {}  # origin -> slot -> ids of the links from it

    def write(self) -> dict[str, Any]:
        for node in self._graph.values():
            for _, link in node.links():
                self._taken.setdefault(link.node, {}).setdefault(link.slot, [])
        nodes = {node.id: self._node(node) for node in self._graph.values()}
        for node_id, written in nodes.items():
            written["outputs"] = self._outputs(self._graph[node_id])
        parents = {node.id: [link.node for _, link in node.links()] for node in self._graph.values()}
        boxes = {key: Box(*written["size"]) for key, written in nodes.items()}
        for order, (key, spot) in enumerate(place(parents, boxes).items()):
            nodes[key]["pos"] = [spot.x, spot.y]
            nodes[key]["order"] = order
        numbers = [written["id"] for written in nodes.values() if isinstance(written["id"], int)]
        return {
            "last_node_id": max(numbers, default=0),
            "last_link_id": len(self._links),
            "nodes": list(nodes.values()),
            "links": self._links,
            "groups": [],
            "config": {},
            "extra": {"ds": {"scale": 1, "offset": [0, 0]}},
            "version": 0.4,
        }

    def _node(self, node: GraphNode) -> dict[str, Any]:
        spec = self._catalogue.get(node.type)
        inputs: list[dict[str, Any]] = []
        declared = {one.name: one for one in spec.inputs} if spec else {}
        for one in declared.values():
            if one.section == "hidden":
                continue
            value = node.inputs.get(one.name)
            if isinstance(value, Link) or not is_widget(one):
                inputs.append(self._input(node, one, len(inputs)))
        for name, value in node.inputs.items():
            if name in declared and declared[name].section != "hidden":
                continue
            if isinstance(value, Link):
                inputs.append(self._input(node, InputSpec(name, "*"), len(inputs)))
            elif spec is None:
                inputs.append({"name": name, "type": _literal_type(value), "link": None, "widget": {"name": name}})
            elif value != "image" or not any(one.options.get(flag) for one in spec.inputs for flag in UPLOADS):
                what = f"it has no input '{name}', so the value {shown(value)} is left out."
                self.problems.append(at_node(node, "undeclared_input", what, severity="warning", input=name))
        values = self._values(node, spec)
        written: dict[str, Any] = {
            "id": _editor_id(node.id),
            "type": node.type,
            "pos": [0, 0],
            "size": [WIDTH, self._height(spec, len(inputs), len(values))],
            "flags": {},
            "order": 0,
            "mode": 0,
            "inputs": inputs,
            "outputs": [],
            "properties": {"Node name for S&R": node.type},
        }
        if values:
            written["widgets_values"] = values
        if node.title and node.title != (spec.display_name if spec else ""):
            written["title"] = node.title
        return written

    def _input(self, node: GraphNode, spec: InputSpec, number: int) -> dict[str, Any]:
        """An input slot, with its link when the prompt has one."""
        value = node.inputs.get(spec.name)
        link_id: int | None = None
        if isinstance(value, Link) and value.node in self._graph:
            link_id = len(self._links) + 1
            kind = str(spec.type)
            origin_id, target_id = _editor_id(value.node), _editor_id(node.id)
            self._links.append([link_id, origin_id, value.slot, target_id, number, kind])
            self._taken[value.node][value.slot].append(link_id)
        elif isinstance(value, Link):
            what = f"its input '{spec.name}' is linked to node {value.node}, which is not in the prompt."
            self.problems.append(at_node(node, "missing_node", what, severity="warning", input=spec.name))
        elif value is not None:
            what = f"its input '{spec.name}' takes a link only, so the value {shown(value)} is left out."
            self.problems.append(at_node(node, "undeclared_input", what, severity="warning", input=spec.name))
        slot: dict[str, Any] = {"name": spec.name, "type": str(spec.type), "link": link_id}
        if spec.section == "optional":
            slot["shape"] = OPTIONAL_SHAPE
        if is_widget(spec):
            slot["widget"] = {"name": spec.name}
        return slot

    def _values(self, node: GraphNode, spec: NodeSpec | None) -> list[Any]:
        literals = {name: value for name, value in node.inputs.items() if not isinstance(value, Link)}
        if spec is None:
            return list(literals.values())
        for one in spec.inputs:
            text = literals.get(one.name)
            if one.options.get("dynamicPrompts") and isinstance(text, str):
                literals[one.name] = keep_braces(text)
                if has_comment(text):
                    what = (
                        f"the editor takes // and /* */ in its input '{one.name}' for comments and will not send them."
                    )
                    self.problems.append(at_node(node, "comment", what, severity="warning", input=one.name))
        missing = [one for one in spec.inputs if is_widget(one) and one.name not in literals]
        if spec.name not in self._places:
            self._places[spec.name] = places(spec)
        return list(
            listed_values(
                self._places[spec.name], literals, {one.name: one.default(self._list_files) for one in missing}
            )
        )

    def _outputs(self, node: GraphNode) -> list[dict[str, Any]]:
        spec = self._catalogue.get(node.type)
        taken = self._taken.get(node.id, {})
        known = [(o.name, str(o.type), o.is_list) for o in spec.outputs] if spec else []
        used = [slot for slot in taken if 0 <= slot < 1000]
        known += [("*", "*", False)] * (max(used, default=-1) + 1 - len(known))
        outputs: list[dict[str, Any]] = []
        for number, (name, type, is_list) in enumerate(known):
            slot: dict[str, Any] = {"name": name, "type": type, "links": taken.get(number) or None}
            slot["slot_index"] = number
            if is_list:
                slot["shape"] = LIST_SHAPE
            outputs.append(slot)
        return outputs

    def _height(self, spec: NodeSpec | None, inputs: int, values: int) -> int:
        tall = sum(bool(one.options.get("multiline")) for one in spec.inputs) if spec else 0
        outputs = len(spec.outputs) if spec else 1
        return TITLE + ROW * (max(inputs, outputs) + values - tall) + MULTILINE * tall


def _editor_id(id: str) -> int | str:
    return int(id) if id.isdecimal() and len(id) < 16 and str(int(id)) == id else id


def _literal_type(value: Any) -> str:
    kinds: dict[str, str] = {"bool": "BOOLEAN", "int": "INT", "float": "FLOAT", "str": "STRING"}
    return kinds.get(type(value).__name__, "*")
