"""Links of a prompt: whether their source exists and gives what the input takes."""

from __future__ import annotations

from collections.abc import Mapping

from execution.graph import Graph, GraphNode, Link
from execution.problems import Problem, at_node, shown
from execution.schema import InputSpec, NodeSpec, types_match
from execution.validate_values import input_config


def check_link(
    node: GraphNode, name: str, link: Link, spec: InputSpec | None, graph: Graph, catalogue: Mapping[str, NodeSpec]
) -> Problem | None:
    """What is wrong with a link into input `name`; `spec` is None where its type is not to be compared."""
    origin = graph.get(link.node)
    if origin is None:
        what = f"'{name}' is linked to node {link.node}, which is not in the prompt."
        return _broken(node, name, what, "Link it to a node that is.", "KeyError", f"'{link.node}'")
    source = catalogue.get(origin.type)
    if source is None:
        return None  # told at that node
    if not 0 <= link.slot < len(source.outputs):
        count = len(source.outputs)
        what = (
            f"'{name}' is linked to output {shown(link.slot)} of node {link.node} ({origin.type}), which has {count}."
        )
        remedy = f"Use an output from 0 to {count - 1}." if count else "Link it to a node with outputs."
        return _broken(node, name, what, remedy, "IndexError", "tuple index out of range")
    received = source.outputs[link.slot].type
    if spec is None or types_match(received, spec.type):
        return None
    return at_node(
        node,
        "return_type_mismatch",
        f"'{name}' takes {spec.type}, but output {link.slot} of node {link.node} ({origin.type}) gives {received}.",
        f"Link it to an output of type {spec.type}.",
        input=name,
        message="Return type mismatch between linked nodes",
        details=f"{name}, received_type({received}) mismatch input_type({spec.type})",
        extra_info={
            "input_name": name,
            "input_config": input_config(spec),
            "received_type": received,
            "linked_node": [link.node, link.slot],
        },
    )


def _broken(node: GraphNode, name: str, what: str, remedy: str, kind: str, details: str) -> Problem:
    return at_node(
        node,
        "exception_during_validation",
        what,
        remedy,
        input=name,
        message="Exception when validating node",
        details=details,
        extra_info={"exception_type": kind, "traceback": []},
    )
