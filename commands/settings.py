"""`--set NODE.INPUT=VALUE` and `--seed N`: what the command line changes in a workflow before it runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from operator import attrgetter
from typing import Any

from commands.errors import UsageProblem
from execution.graph import Graph, GraphNode, Link
from execution.schema import WIDGET_TYPES, NodeSpec

SEED_INPUTS = ("seed", "noise_seed")
BOOLEANS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


@dataclass(frozen=True, slots=True)
class Setting:
    """One `--set`: `node` is an id or a title; a title that several nodes bear means all of them."""

    node: str
    input: str
    value: str


@dataclass(frozen=True, slots=True)
class Change:
    """What a setting came to: this input of this node now has this value."""

    node: str
    input: str
    value: Any


def parse_setting(text: str) -> Setting:
    """Read `NODE.INPUT=VALUE`. The value may hold any character; the node's title may hold dots.

    Raises:
        UsageProblem: no `=`, or no dot before it.
    """
    target, equals, value = text.partition("=")
    node, dot, name = target.rpartition(".")
    if not (equals and dot and node.strip() and name.strip()):
        raise UsageProblem(f'--set "{text}" is not NODE.INPUT=VALUE. Example: --set "Positive.text=a red circle".')
    return Setting(node.strip(), name.strip(), value)


def find_nodes(graph: Graph, name: str) -> list[GraphNode]:
    """The nodes that `name` means: the one with this id, else all that bear this title, else all of this type.

    Raises:
        UsageProblem: there is none; the sentence offers the nearest names.
    """
    if name in graph:
        return [graph[name]]
    folded = name.casefold()
    for attribute in (attrgetter("title"), attrgetter("type")):
        if found := [node for node in graph.values() if attribute(node).casefold() == folded]:
            return found
    known = {n.title or n.type: None for n in graph.values()} | dict.fromkeys(graph)
    near = get_close_matches(name, known, n=3, cutoff=0.5) or list(known)[:8]
    raise UsageProblem(f'No node has the id or title "{name}". There are: {", ".join(near)}.')


def apply_settings(
    graph: Graph, settings: Iterable[Setting], seed: int | None, catalogue: Mapping[str, NodeSpec]
) -> list[Change]:
    """Change `graph` in place as the command line says; a linked input that is set becomes a literal one.

    `seed` (0..2^64-1) goes to every input named `seed` or `noise_seed`, before `settings`, which are more specific.

    Raises:
        UsageProblem: nodes or inputs that are not there, truth values that are none; all of them are told.
    """
    changes: list[Change] = []
    if seed is not None:
        for node in graph.values():
            changes += [Change(node.id, name, seed) for name in _seed_inputs(node, catalogue.get(node.type))]
    refused: list[str] = []
    for setting in settings:
        try:
            found = find_nodes(graph, setting.node)
            changes += [Change(node.id, setting.input, _typed(setting, node, catalogue)) for node in found]
        except UsageProblem as problem:
            refused.append(str(problem))
    if refused:
        raise UsageProblem("\n".join(refused))
    for change in changes:
        graph[change.node].inputs[change.input] = change.value
    return changes


def _seed_inputs(node: GraphNode, spec: NodeSpec | None) -> list[str]:
    """The seeds that a node has, also where a saved prompt leaves them to their defaults."""
    required = [one.name for one in spec.inputs if one.section == "required"] if spec else []
    return [name for name in SEED_INPUTS if name in node.inputs or name in required]


def _typed(setting: Setting, node: GraphNode, catalogue: Mapping[str, NodeSpec]) -> Any:
    """The value as its input's type has it; numbers stay text, which validation reads and judges."""
    spec = catalogue.get(node.type)
    names = [i.name for i in spec.inputs if i.section != "hidden"] if spec else list(node.inputs)
    if setting.input not in names:
        near = get_close_matches(setting.input, names, n=3, cutoff=0.4) or names
        known = ", ".join(near) or "none"
        raise UsageProblem(f'{node.type} (node {node.id}) has no input "{setting.input}". Its inputs: {known}.')
    kind = spec.input(setting.input) if spec else None
    if kind is None:
        return setting.value
    plain = kind.is_widget or kind.type in WIDGET_TYPES  # a text or number that the editor shows as a socket
    if not plain and not isinstance(node.inputs.get(setting.input), (str, int, float)):
        raise UsageProblem(
            f'"{setting.input}" of {node.type} (node {node.id}) is a {kind.type} socket: it takes a link, not a value.'
        )
    if kind.type == "BOOLEAN":
        if setting.value.casefold() not in BOOLEANS:
            raise UsageProblem(f'"{setting.value}" for {node.type}.{setting.input} is neither true nor false.')
        return BOOLEANS[setting.value.casefold()]
    if kind.choices:  # a combo's choices may be numbers: take the one that reads alike
        return next((c for c in kind.choices if str(c) == setting.value), setting.value)
    return setting.value


def seeds_in(graph: Graph) -> dict[str, Any]:
    """Node id -> the literal seed it will use, for the report."""
    return {
        node.id: node.inputs[name]
        for node in graph.values()
        for name in SEED_INPUTS
        if name in node.inputs and not isinstance(node.inputs[name], Link)
    }
