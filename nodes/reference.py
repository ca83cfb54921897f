"""The page docs/nodes.md, made from what the nodes declare: `python -m nodes.reference docs/nodes.md`."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from execution.registry import Registry
from execution.schema import InputSpec, NodeSpec
from nodes.catalogue import all_nodes

HEAD = """# Nodes

Every node type of this version: what it does, its inputs and its outputs. Made by `python -m nodes.reference
docs/nodes.md` from the nodes' own declarations; a test fails when it is out of date.

Types in capitals are sockets that take a link. The others are widgets, which hold a value or take a link.
"""
SHOWN_CHOICES = 10


def page(registry: Registry) -> str:
    """The whole page."""
    specs = list(registry.catalogue().values())
    categories = sorted({spec.category for spec in specs})
    lines = [HEAD]
    for category in categories:
        lines += [f"## {category}", ""]
        for spec in specs:
            if spec.category == category:
                lines += [*_node(spec), ""]
    return "\n".join(lines).rstrip() + "\n"


def _node(spec: NodeSpec) -> Iterator[str]:
    name = spec.name if spec.display_name in ("", spec.name) else f"{spec.name} ({spec.display_name})"
    yield f"### {name}"
    yield ""
    yield spec.description
    yield ""
    inputs = [one for one in spec.inputs if one.section != "hidden"]
    if inputs:
        yield "| input | type | default | what |"
        yield "|---|---|---|---|"
        yield from (_input(one) for one in inputs)
        yield ""
    if spec.outputs:
        yield f"Outputs: {', '.join(_named(o.name, o.type, o.is_list) for o in spec.outputs)}"
    else:
        yield "No outputs: running it is what it is for."


def _named(name: str, kind: str, is_list: bool) -> str:
    shown = f"`{name}`" if name == kind else f"`{name}` ({kind})"
    return f"{shown}, a list" if is_list else shown


def _input(spec: InputSpec) -> str:
    name = f"`{spec.name}`" + (" (optional)" if spec.section == "optional" else "")
    default = spec.options.get("default")
    shown = "" if default is None else f"`{default}`"
    return f"| {name} | {_type(spec)} | {shown} | {spec.options.get('tooltip', '')} |"


def _type(spec: InputSpec) -> str:
    if spec.files is not None:
        return f"a file of `{spec.files}`"
    if spec.choices is not None:
        return _choices(spec.choices)
    low, high = spec.options.get("min"), spec.options.get("max")
    kind = {"INT": "whole number", "FLOAT": "number", "STRING": "text", "BOOLEAN": "yes or no"}.get(
        spec.type, spec.type
    )
    return (
        kind if low is None or high is None else f"{kind} {low:g} to {high:g}" if high < 2**32 else f"{kind} from {low}"
    )


def _choices(choices: Iterable[object]) -> str:
    names = [f"`{choice}`" for choice in choices]
    more = f" and {len(names) - SHOWN_CHOICES} more" if len(names) > SHOWN_CHOICES else ""
    return ", ".join(names[:SHOWN_CHOICES]) + more


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(all_nodes()), encoding="utf-8")
