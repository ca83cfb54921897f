"""Validation: everything wrong with a prompt, found at once, before anything runs.

The rules are those that clients of the existing API rely on (API_FACTS 4.2-4.5); beyond them a missing widget value
takes its default, NaN is refused, and cycles are named. Nothing recurses: 100,000 nodes in a row are fine.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from execution.cycles import find_cycles, run_order
from execution.graph import Graph, GraphNode, Link
from execution.problems import Problem, Suggestions, at_node
from execution.schema import WIDGET_TYPES, InputSpec, ListFiles, NodeSpec
from execution.validate_links import check_link
from execution.validate_values import HasFile, PathOf, ValueChecker, bad_link
from execution.workflow.stock_types import stock_types

CustomCheck = Callable[[GraphNode, NodeSpec, Mapping[str, Any], Mapping[str, str]], str | None]
"""A node type's own validator: node, its spec, literals by name (linked inputs None), types received by linked inputs.

Gives None when all is well, else what is wrong (may be empty).
"""

DEPENDENTS_STEPS = 2_000_000  # nodes looked at, in all, to tell which outputs fail because of which node
PATH_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Validation:
    """The verdict on a prompt."""

    problems: list[Problem]  # errors
    warnings: list[Problem]
    outputs: list[str]  # output nodes asked for
    good_outputs: list[str]  # those of them that can run
    graph: Graph  # with literals converted and defaults filled in
    refused: bool = False  # a node of unknown type: nothing of the prompt may run
    children: Mapping[str, Sequence[str]] = field(default_factory=dict[str, "list[str]"])

    @property
    def ok(self) -> bool:
        """Whether something can run."""
        return bool(self.good_outputs) and not self.refused

    @property
    def sentences(self) -> list[str]:
        """Every error once, for people."""
        return list(dict.fromkeys(problem.sentence for problem in self.problems))

    def node_errors(self) -> dict[str, Any]:
        """The nodes with errors of their own, as answers list them: errors, type, outputs that fail because of it."""
        result: dict[str, Any] = {}
        steps = DEPENDENTS_STEPS
        if self.refused:
            return result
        for problem in self.problems:
            if problem.node is None:
                continue
            if problem.node not in result:
                outputs, steps = self._dependents(problem.node, steps)
                result[problem.node] = {"errors": [], "dependent_outputs": outputs, "class_type": problem.node_type}
            result[problem.node]["errors"].append(problem.to_wire())
        return result

    def to_api_error(self) -> dict[str, Any] | None:
        """The body of the 400 answer (API_FACTS 4.4); None when something can run."""
        if self.ok:
            return None
        whole = next((p for p in self.problems if p.type in ("invalid_prompt", "prompt_no_outputs")), None)
        if whole is not None:
            return {"error": {**whole.to_wire(), "extra_info": {}}, "node_errors": {}}
        outputs = set(self.outputs)
        own = [problem for problem in self.problems if problem.node in outputs]
        error: dict[str, Any] = {
            "type": "prompt_outputs_failed_validation",
            "message": "Prompt outputs failed validation",
            "details": "\n".join(f"{problem.message}: {problem.details}" for problem in own),
            "extra_info": {},
        }
        return {"error": error, "node_errors": self.node_errors()}

    def _dependents(self, node: str, steps: int) -> tuple[list[str], int]:
        wanted = set(self.outputs)
        seen = {node: None}
        waiting = [node]
        while waiting and steps > 0:
            for child in self.children.get(waiting.pop(), ()):
                steps -= 1
                if child not in seen:
                    seen[child] = None
                    waiting.append(child)
        return [output for output in seen if output in wanted], steps


def validate(
    graph: Graph,
    catalogue: Mapping[str, NodeSpec],
    list_files: ListFiles,
    targets: Collection[str] | None = None,
    *,
    custom: CustomCheck | None = None,
    has_file: HasFile | None = None,
    path_of: PathOf | None = None,
) -> Validation:
    """Judge a prompt.

    Args:
        graph: the prompt; not changed.
        catalogue: node types by name.
        list_files: lists the files of a folder, for combos of files.
        targets: run only these output nodes (`partial_execution_targets`); None runs all.
        custom: asked for nodes whose types have a validator of their own (`NodeSpec.validates`) and no other error.
        has_file: asked about a file that is not listed, before it is called missing.
        path_of: where a folder is on disk, for the remedies.
    """
    suggestions = Suggestions()
    values = ValueChecker(list_files, has_file, suggestions, path_of)
    checker = _NodeChecker(graph, catalogue, values, suggestions, custom)
    problems = _unknown_types(graph, catalogue, suggestions)
    refused = bool(problems)
    outputs = [node.id for node in graph.values() if _is_output(node, catalogue)]
    if targets is not None:
        outputs = [output for output in outputs if output in targets]
    if not outputs and not refused:
        problems.append(_no_outputs(targets))
    parents = _upstream(graph, outputs)
    changed = dict(graph)
    for node_id in parents:
        if graph[node_id].type in catalogue:
            changed[node_id] = checker.check(graph[node_id])
    problems += checker.problems
    order = run_order(parents)
    blocked = parents.keys() - set(order)
    problems += [_cycle(path, graph) for path in find_cycles(parents, blocked)]
    bad = {problem.node for problem in problems} | blocked
    for node_id in order:
        if any(parent in bad for parent in parents[node_id]):
            bad.add(node_id)
    good = [output for output in outputs if output not in bad]
    children: dict[str, list[str]] = {}
    if problems:
        for node_id, above in parents.items():
            for parent in above:
                children.setdefault(parent, []).append(node_id)
    return Validation(problems, checker.warnings, outputs, [] if refused else good, changed, refused, children)


def _is_output(node: GraphNode, catalogue: Mapping[str, NodeSpec]) -> bool:
    spec = catalogue.get(node.type)
    return spec is not None and spec.output_node


def _unknown_types(graph: Graph, catalogue: Mapping[str, NodeSpec], suggestions: Suggestions) -> list[Problem]:
    names = list(catalogue)
    own = "It is one of ComfyUI's own, which Weft does not have yet: replace the node."
    other = "Install the node pack that has it, or replace the node."
    return [
        at_node(
            node,
            "invalid_prompt",
            f"there is no node type '{node.type}' here.",
            (own if node.type in stock_types() else other) + suggestions.phrase("node type", node.type, names),
            message=f"Cannot execute because node {node.type} does not exist.",
            details=f"Node ID '#{node.id}'",
        )
        for node in graph.values()
        if node.type not in catalogue
    ]


def _no_outputs(targets: Collection[str] | None) -> Problem:
    what = "Nothing in this workflow saves or shows a result."
    remedy = "Add a node that does, such as SaveImage or PreviewImage."
    if targets is not None:
        what = f"None of the nodes asked for ({', '.join(list(targets)[:5]) or 'none named'}) saves or shows a result."
        remedy = "Name output nodes, such as a SaveImage, by their ids."
    return Problem("prompt_no_outputs", what, remedy, message="Prompt has no outputs")


def _upstream(graph: Graph, outputs: Sequence[str]) -> dict[str, list[str]]:
    """The nodes that the outputs need, in the order of the prompt, each with the nodes it takes values from."""
    seen = set(outputs)
    waiting = list(outputs)
    parents: dict[str, list[str]] = {}
    while waiting:
        node = graph[waiting.pop()]
        above = list(dict.fromkeys(link.node for _, link in node.links() if link.node in graph))
        parents[node.id] = above
        for parent in above:
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    return {node_id: parents[node_id] for node_id in graph if node_id in parents}


def _cycle(path: list[str], graph: Graph) -> Problem:
    names = [f"{node} ({graph[node].type})" for node in path[:PATH_SHOWN]]
    rest = f" -> ... ({len(path)} nodes)" if len(path) > PATH_SHOWN else ""
    way = " -> ".join([*names, ""]).rstrip() + f" {path[0]}" if not rest else " -> ".join(names) + rest
    return at_node(
        graph[path[0]],
        "dependency_cycle",
        f"nodes feed each other in a circle, so none can run first: {way}.",
        "Remove one link of the circle.",
        message="Dependency cycle detected",
        details=way,
    )


class _NodeChecker:
    """Checks nodes one at a time and gathers what it finds."""

    def __init__(
        self,
        graph: Graph,
        catalogue: Mapping[str, NodeSpec],
        values: ValueChecker,
        suggestions: Suggestions,
        custom: CustomCheck | None,
    ) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self._graph = graph
        self._catalogue = catalogue
        self._values = values
        self._suggest = suggestions
        self._custom = custom
        self._inputs: dict[str, dict[str, InputSpec]] = {}  # node type -> its inputs by name
        given = (str.__str__(output.type) for spec in catalogue.values() for output in spec.outputs)
        self._link_only = {type for type in given if type not in WIDGET_TYPES and type != "*" and "," not in type}
        self._givers: dict[str, str] = {}
        self._tests: dict[str, dict[str, tuple[str, Callable[[Any], bool]]]] = {}
        self._required: dict[str, list[str]] = {}

    def check(self, node: GraphNode) -> GraphNode:
        """Check a node of known type; gives it back with its literals converted, or itself when all was well."""
        spec = self._catalogue[node.type]
        declared = self._inputs.get(node.type)
        if declared is None:
            declared = self._inputs[node.type] = {one.name: one for one in spec.inputs if one.section != "hidden"}
        if spec.validates is None and self._plain(node, spec):
            return node
        own = spec.validates or frozenset[str]()
        errors = len(self.problems)
        inputs = dict(node.inputs)
        for name, one in declared.items():
            value = inputs.get(name)
            if isinstance(value, Link):
                continue
            if value is None and (name not in inputs or one.type not in ("INT", "FLOAT", "BOOLEAN")):
                if one.section == "required":
                    self._missing(node, one, inputs)
            else:
                self._literal(node, one, inputs, bounded=name not in own and "*" not in own)
        for name, value in node.inputs.items():
            if isinstance(value, Link):
                compared = declared.get(name) if "input_types" not in own else None
                problem = check_link(node, name, value, compared, self._graph, self._catalogue)
                if problem is not None:
                    self.problems.append(problem)
            elif name not in declared:
                self._undeclared(node, name, declared)
        if spec.validates is not None and len(self.problems) == errors:
            self._ask(node, spec, declared, inputs)
        return GraphNode(node.id, node.type, inputs, node.title)

    def _plain(self, node: GraphNode, spec: NodeSpec) -> bool:
        """Whether nothing needs to be said or changed, told quickly: so it is for nearly all nodes of real prompts."""
        tests = self._tests.get(node.type)
        if tests is None:
            inputs = [one for one in spec.inputs if one.section != "hidden"]
            tests = self._tests[node.type] = {one.name: (one.type, self._values.plain(one)) for one in inputs}
            self._required[node.type] = [one.name for one in inputs if one.section == "required"]
        given = node.inputs
        for name in self._required[node.type]:
            if name not in given:
                return False
        for name, value in given.items():
            if name not in tests:
                return False
            expected, test = tests[name]
            if type(value) is not Link:
                if not test(value):
                    return False
                continue
            origin = self._graph.get(value.node)
            source = self._catalogue.get(origin.type) if origin is not None else None
            if source is None or not 0 <= value.slot < len(source.outputs):
                return False
            if source.outputs[value.slot].type != expected:  # may still match: `types_match` is asked later
                return False
        return True

    def _missing(self, node: GraphNode, spec: InputSpec, inputs: dict[str, Any]) -> None:
        default = spec.default(self._values.files) if spec.is_widget else None
        if default is not None:
            inputs[spec.name] = default
            what = f"it has no value for '{spec.name}'; the default {default!r} is used."
            self.warnings.append(at_node(node, "default_used", what, severity="warning", input=spec.name))
            return
        if spec.files is not None:
            what = f"it has no value for '{spec.name}', and the folder '{spec.files}' is empty."
            remedy = f"Put a file {self._values.into(spec.files)} and choose it."
        elif spec.is_widget:
            what, remedy = f"it has no value for '{spec.name}'.", "Give it one."
        else:
            giver = self._giver(spec.type)
            what = f"nothing is connected to its input '{spec.name}' ({spec.type})."
            remedy = f"Connect a node that gives {spec.type}{f', such as {giver}' if giver else ''}."
        self.problems.append(
            at_node(
                node,
                "required_input_missing",
                what,
                remedy,
                input=spec.name,
                message="Required input is missing",
                details=spec.name,
                extra_info={"input_name": spec.name},
            )
        )

    def _giver(self, type: str) -> str:
        """A node type that gives `type`: one that needs no such value itself, and few others."""
        kind = str.__str__(type)
        if kind not in self._givers:
            ranked: list[tuple[bool, int, str]] = []
            for name, spec in self._catalogue.items():
                if any(str.__str__(output.type) == kind for output in spec.outputs):
                    sockets = [str.__str__(one.type) for one in spec.inputs if not one.is_widget]
                    ranked.append((kind in sockets, len(sockets), name))
            self._givers[kind] = min(ranked)[2] if ranked else ""
        return self._givers[kind]

    def _literal(self, node: GraphNode, spec: InputSpec, inputs: dict[str, Any], bounded: bool) -> None:
        value = inputs[spec.name]
        if str.__str__(spec.type) in self._link_only and not spec.is_widget:
            self.problems.append(bad_link(node, spec, value))
            return
        checked = self._values.check(node, spec, value, bounded)
        inputs[spec.name] = checked.value
        for problem in checked.problems:
            (self.problems if problem.severity == "error" else self.warnings).append(problem)

    def _undeclared(self, node: GraphNode, name: str, declared: Mapping[str, InputSpec]) -> None:
        """A literal for an input that does not exist is not passed on; worth a word when it looks misspelt."""
        near = self._suggest.phrase(f"inputs of {node.type}", name, list(declared))
        if near:
            what = f"it has no input '{name}', so that value is not used.{near}"
            self.warnings.append(at_node(node, "undeclared_input", what, severity="warning", input=name))

    def _ask(
        self, node: GraphNode, spec: NodeSpec, declared: Mapping[str, InputSpec], inputs: Mapping[str, Any]
    ) -> None:
        """Ask the node type's own validator."""
        if self._custom is None or spec.validates is None:
            return
        names = [name for name in declared if name in inputs and ("*" in spec.validates or name in spec.validates)]
        values = {name: None if isinstance(inputs[name], Link) else inputs[name] for name in names}
        received: dict[str, str] = {}
        for name, value in inputs.items():
            if isinstance(value, Link) and name in declared:
                source = self._catalogue.get(self._graph[value.node].type)
                received[name] = source.outputs[value.slot].type if source else "*"
        text = self._custom(node, spec, values, received)
        for name in (names or [""]) if text is not None else ():
            self.problems.append(
                at_node(
                    node,
                    "custom_validation_failed",
                    f"the node refuses its values{f': {text}' if text else ''}.",
                    "Change them as it says.",
                    input=name,
                    message="Custom validation failed for node",
                    details=f"{name} - {text}" if text else name,
                    extra_info={"input_name": name},
                )
            )
