"""From a UI workflow to the API prompt, as the stock editor does when it queues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, cast

from execution.graph import GraphNode
from execution.problems import Problem, at_node
from execution.schema import InputSpec, ListFiles, NodeSpec
from execution.workflow.document import BYPASSED, MUTED, UiDocument, UiNode, read_document
from execution.workflow.flatten import Scope, flatten
from execution.workflow.group_nodes import replace_group_nodes
from execution.workflow.promoted import proxy_values
from execution.workflow.resolve import PRIMITIVE, REROUTES, Literal, Nothing, Resolver, Source
from execution.workflow.stock_types import with_stock_types
from execution.workflow.text import pick_alternatives, replace_names
from execution.workflow.widgets import Place, guessed_values, is_widget, named_values, places, shown_widgets, surplus

DECORATIONS = frozenset(
    {"Note", "MarkdownNote", "Label (rgthree)", "Bookmark (rgthree)", "Fast Groups Muter (rgthree)"}
    | {"Fast Groups Bypasser (rgthree)", "Fast Muter (rgthree)", "Fast Bypasser (rgthree)"}
)
"""Nodes that exist in the editor only: texts, bookmarks and switches that set the mode of others."""

VIRTUAL = REROUTES | DECORATIONS | {PRIMITIVE}


@dataclass(frozen=True, slots=True)
class Conversion:
    """An API prompt (JSON-ready) and what was found on the way to it."""

    prompt: dict[str, Any]
    problems: list[Problem]


def ui_to_prompt(
    workflow: Mapping[str, Any],
    catalogue: Mapping[str, NodeSpec],
    list_files: ListFiles,
    *,
    seed: int | None = 0,
    now: datetime | None = None,
) -> Conversion:
    """Convert a UI workflow (decoded JSON, version 0.4 or 1).

    `seed` chooses among alternatives `{a|b}` of texts that have them (`dynamicPrompts`), the same ones each time;
    with None they stay as written. `now` is the time for `%date:...%` in file names, the present one by default.
    Values missing from the file take their defaults, the first file of a folder among them. Stock types that the
    catalogue lacks are converted too; whether they can run is for validation to say.

    Raises:
        WorkflowError: the workflow is too large to be laid flat.
    """
    problems: list[Problem] = []
    document = read_document(workflow, problems)
    types = with_stock_types(catalogue)
    replace_group_nodes(document, types, problems)
    scopes = flatten(document, problems)
    writer = _Writer(document, scopes, types, list_files, problems, seed, now or datetime.now())
    return Conversion(writer.write(), problems)


class _Writer:
    def __init__(
        self,
        document: UiDocument,
        scopes: list[Scope],
        catalogue: Mapping[str, NodeSpec],
        list_files: ListFiles,
        problems: list[Problem],
        seed: int | None,
        now: datetime,
    ) -> None:
        self._document = document
        self._scopes = scopes
        self._catalogue = catalogue
        self._list_files = list_files
        self._problems = problems
        self._seed = seed
        self._now = now
        self._resolver = Resolver(problems)
        self._places: dict[tuple[str, frozenset[str]], list[Place]] = {}
        self._named: dict[str, tuple[Scope, UiNode]] | None = None

    def write(self) -> dict[str, Any]:
        prompt: dict[str, Any] = {}
        for scope in self._scopes:
            if scope.silent:
                continue
            instance = scope.instance
            given = proxy_values(instance, scope.graph) if instance is not None else {}
            for node in scope.graph.nodes.values():
                if self._is_sent(node):
                    prompt[scope.full_id(node)] = self._entry(scope, node, given.get(node.id, {}))
        for entry in prompt.values():
            inputs = cast("dict[str, Any]", entry["inputs"])
            lost = [name for name, value in inputs.items() if isinstance(value, Source) and value.node not in prompt]
            for name in lost:
                del inputs[name]
            for name, value in inputs.items():
                inputs[name] = [value.node, value.slot] if isinstance(value, Source) else value
        return prompt

    def _is_sent(self, node: UiNode) -> bool:
        if node.mode in (MUTED, BYPASSED) or node.type in VIRTUAL:
            return False
        return node.type not in self._document.subgraphs

    def _entry(self, scope: Scope, node: UiNode, given: Mapping[str, Any]) -> dict[str, Any]:
        spec = self._catalogue.get(node.type)
        inputs = self._widget_values(scope, node)
        inputs.update(given)
        for slot in node.inputs:
            name = slot.widget or slot.name
            if slot.link is None or not name:
                continue
            found = self._resolver.resolve(scope, slot)
            if isinstance(found, Source):
                inputs[name] = found
            elif isinstance(found, Literal):
                inputs[name] = found.value
            elif found.cut:
                inputs.pop(name, None)
        full_id = scope.full_id(node)
        for name, value in inputs.items():
            inputs[name] = self._finished(full_id, name, value, spec.input(name) if spec else None)
        title = node.title or (spec.display_name if spec else "") or node.type
        return {"inputs": inputs, "class_type": node.type, "_meta": {"title": title}}

    def _widget_values(self, scope: Scope, node: UiNode) -> dict[str, Any]:
        """The values of a node's widgets by name, defaults filled in where the file has none."""
        spec = self._catalogue.get(node.type)
        if spec is None:
            return guessed_values(node)
        kind = (node.type, shown_widgets(node))
        if kind not in self._places:
            self._places[kind] = places(spec, kind[1])
        values = named_values(node, self._places[kind])
        lost = surplus(node, self._places[kind])
        if lost:
            what = f"{lost} of its saved values belong to no input of this type and are left out."
            remedy = "Compare its values with the original."
            where = GraphNode(scope.full_id(node), node.type, title=node.title)
            self._problems.append(at_node(where, "values_left_over", what, remedy, severity="warning"))
        result: dict[str, Any] = {}
        for one in spec.inputs:
            if one.name in values:
                result[one.name] = values[one.name]
            elif is_widget(one):
                default = one.default(self._list_files)
                if default is not None:
                    result[one.name] = default
        return result

    def _finished(self, node: str, name: str, value: Any, spec: InputSpec | None) -> Any:
        """A value as it is sent: texts with their alternatives chosen and names replaced, lists wrapped."""
        if isinstance(value, str):
            if self._seed is not None and spec is not None and spec.options.get("dynamicPrompts"):
                at = f"{self._seed}:{node}:{name}".encode("utf-8", "surrogatepass")  # ids may hold half a letter
                value = pick_alternatives(value, Random(at))
            if name == "filename_prefix":
                value = replace_names(value, self._look_up, self._now)
            return value
        return {"__value__": cast("list[Any]", value)} if isinstance(value, list) else value

    def _look_up(self, name: str, widget: str) -> str | None:
        """The value of a widget of the node with this title, or this name for search and replace."""
        if self._named is None:
            self._named = {}
            for scope in reversed(self._scopes):
                for node in reversed(scope.graph.nodes.values()):
                    self._named[node.title or node.type] = scope, node
            for scope in reversed(self._scopes):
                for node in reversed(scope.graph.nodes.values()):
                    self._named[str(node.properties.get("Node name for S&R") or node.title or node.type)] = scope, node
        if name not in self._named:
            return None
        scope, node = self._named[name]
        if node.type == PRIMITIVE and isinstance(node.values, list) and node.values:
            return str(node.values[0])
        slot = node.input(widget)
        found = self._resolver.resolve(scope, slot) if slot is not None else Nothing()
        value = found.value if isinstance(found, Literal) else self._widget_values(scope, node).get(widget)
        return None if value is None else str(value)
