"""Where an input's value really comes from: past reroutes, bypassed nodes, subgraph borders and primitives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from execution.problems import Problem
from execution.schema import types_match
from execution.workflow.document import BYPASSED, GRAPH_INPUTS, MUTED, Slot, UiNode
from execution.workflow.flatten import Scope
from execution.workflow.promoted import promoted_value

REROUTES = frozenset({"Reroute", "Reroute (rgthree)"})
PRIMITIVE = "PrimitiveNode"


@dataclass(frozen=True, slots=True)
class Source:
    """Output `slot` of the node with this full id."""

    node: str
    slot: int


@dataclass(frozen=True, slots=True)
class Literal:
    """A value held by a primitive or by a subgraph's own widget; `widget` names that, for messages."""

    value: Any


@dataclass(frozen=True, slots=True)
class Nothing:
    """No value arrives. `cut`: a link was there, but its source does not run, so the input is not sent at all."""

    cut: bool = False


Resolved = Source | Literal | Nothing
_Step = tuple[Scope, str, str]  # the scope, a link in it, and the type that is wanted at the end


class Resolver:
    """Follows links to their sources, each step once: long chains with many readers stay linear."""

    def __init__(self, problems: list[Problem]) -> None:
        self._problems = problems
        self._known: dict[tuple[int, str, str], Resolved] = {}

    def resolve(self, scope: Scope, slot: Slot) -> Resolved:
        """The source of what arrives at an input slot of a node in `scope`."""
        step: _Step | None = None if slot.link is None else (scope, slot.link, slot.type)
        walked: dict[tuple[int, str, str], None] = {}
        result: Resolved = Nothing()
        while step is not None:
            key = (id(step[0]), step[1], step[2])
            if key in self._known:
                result = self._known[key]
                break
            if key in walked:
                self._report_circle(step)
                break
            walked[key] = None
            following = self._follow(*step)
            if not isinstance(following, tuple):
                result = following
                break
            step = following
        self._known.update(dict.fromkeys(walked, result))
        return result

    def _follow(self, scope: Scope, link_id: str, wanted: str) -> _Step | Resolved:
        """One step back along a link: another link, or the source."""
        link = scope.graph.links.get(link_id)
        if link is None:
            return Nothing()
        if link.origin == GRAPH_INPUTS:
            return self._leave(scope, link.origin_slot, wanted)
        node = scope.graph.nodes.get(link.origin)
        if node is None:
            return Nothing()
        if node.type in REROUTES:
            return self._through(scope, node, 0, wanted)
        if node.mode == MUTED:
            return Nothing(cut=True)
        if node.mode == BYPASSED:
            return self._through(scope, node, bypass_input(node, link.origin_slot, wanted), wanted)
        if node.type == PRIMITIVE:
            return Literal(node.values[0]) if isinstance(node.values, list) and node.values else Nothing()
        inner = scope.children.get(node.id)
        if inner is not None:
            return self._enter(inner, node, link.origin_slot, wanted)
        return Source(scope.full_id(node), link.origin_slot)

    def _through(self, scope: Scope, node: UiNode, number: int | None, wanted: str) -> _Step | Resolved:
        link = node.inputs[number].link if number is not None and number < len(node.inputs) else None
        return Nothing() if link is None else (scope, link, wanted)

    def _leave(self, scope: Scope, number: int, wanted: str) -> _Step | Resolved:
        """From a subgraph's input out to what its instance is given there: a link, or a widget's value."""
        if scope.parent is None or scope.instance is None:
            return Nothing()
        slot = instance_input(scope, number)
        if slot is not None and slot.link is not None:
            return scope.parent, slot.link, wanted
        found = promoted_value(scope.instance, scope.graph, number)
        return Nothing() if found is None else Literal(found[0])

    def _enter(self, inner: Scope, node: UiNode, number: int, wanted: str) -> _Step | Resolved:
        """From an instance's output to the link that ends at that output inside."""
        names = [slot.name for slot in inner.graph.outputs]
        name = node.outputs[number].name if number < len(node.outputs) else ""
        if names.count(name) == 1:
            number = names.index(name)
        link = inner.graph.result_links.get(number)
        return Nothing() if link is None else (inner, link, wanted)

    def _report_circle(self, step: _Step) -> None:
        scope, link_id, _ = step
        origin = scope.graph.links[link_id].origin
        node = scope.graph.nodes.get(origin)
        what = "reroutes or bypassed nodes feed each other in a circle, so no value ever arrives."
        remedy = "Remove one link of the circle."
        name = scope.prefix + origin
        kind = node.type if node else ""
        self._problems.append(Problem("reroute_circle", what, remedy, node=name, node_type=kind))


def instance_input(scope: Scope, number: int) -> Slot | None:
    """The instance's input that stands for input `number` of the subgraph: found by name, else by place."""
    if scope.instance is None or number >= len(scope.graph.inputs):
        return None
    slots = scope.instance.inputs
    names = [slot.name for slot in scope.graph.inputs]
    name = names[number]
    if name and names.count(name) == 1:
        found = scope.instance.input(name)
        if found is not None or any(slot.name in names for slot in slots):
            return found
    return slots[number] if number < len(slots) else None


def bypass_input(node: UiNode, output: int, wanted: str) -> int | None:
    """The input whose value a bypassed node passes on as its output `output`.

    The input at the same place if its type fits, else the first of exactly the wanted type, else the first that
    fits. Where anything is wanted, the place alone counts.
    """
    if wanted in ("*", ""):
        return (output if output < len(node.inputs) else 0) if node.inputs else None
    if output < len(node.inputs) and types_match(node.inputs[output].type, wanted):
        return output
    types = [slot.type for slot in node.inputs]
    if wanted in types:
        return types.index(wanted)
    return next((number for number, type in enumerate(types) if types_match(type, wanted)), None)
