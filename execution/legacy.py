"""Class-style nodes: a class with INPUT_TYPES, RETURN_TYPES and FUNCTION as a `Node`."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sized
from dataclasses import replace
from typing import Any, cast

from execution.accepting import accepted_names, accepting
from execution.code_version import code_digest
from execution.errors import NodeDeclarationError
from execution.graph import is_link
from execution.graph_builder import BuilderNode, GraphBuilder
from execution.node import Node, Returned
from execution.plain import plain_value
from execution.results import Blocked
from execution.schema import InputSpec, NodeSpec, OutputSpec, Section, input_from_object_info

__all__ = ["BuilderNode", "ExecutionBlocker", "GraphBuilder", "class_node", "class_nodes", "is_link"]

ExecutionBlocker = Blocked

SECTIONS: tuple[Section, ...] = ("required", "optional", "hidden")

HIDDEN_KINDS = frozenset(
    {"PROMPT", "DYNPROMPT", "EXTRA_PNGINFO", "UNIQUE_ID", "AUTH_TOKEN_COMFY_ORG", "API_KEY_COMFY_ORG"}
)


def class_nodes(
    classes: Mapping[str, type], display_names: Mapping[str, str] | None = None, python_module: str = "nodes"
) -> list[Node]:
    """The nodes of a pack's NODE_CLASS_MAPPINGS and NODE_DISPLAY_NAME_MAPPINGS."""
    names = display_names or {}
    return [class_node(name, one, names.get(name, name), python_module) for name, one in classes.items()]


def class_node(name: str, cls: type, display_name: str = "", python_module: str = "nodes") -> Node:
    """A class as a node type called `name`.

    Raises:
        NodeDeclarationError: INPUT_TYPES or FUNCTION is missing or not what it should be.
    """
    method_name: Any = getattr(cls, "FUNCTION", None)
    method: Any = getattr(cls, method_name, None) if isinstance(method_name, str) else None
    if not callable(method):
        raise NodeDeclarationError(f"The node class {cls.__name__} ({name}) has no FUNCTION that names its method.")
    inputs = _inputs(name, cls)
    spec = _spec(name, cls, inputs, display_name, python_module)
    check_lazy: Any = getattr(cls, "check_lazy_status", None)
    is_changed: Any = getattr(cls, "IS_CHANGED", None)
    declared = {i.name for i in inputs}
    accepted = accepted_names(method) - {"self"}
    return Node(
        spec,
        _method_caller(cast("str", method_name)),
        _reader(len(spec.outputs)),
        code_digest(*_methods(cls)),
        is_async=inspect.iscoroutinefunction(method),
        hidden=tuple((i.name, str(i.type)) for i in inputs if i.section == "hidden" and str(i.type) in HIDDEN_KINDS),
        takes_any="*" in accepted or not accepted <= declared,
        fingerprint=None if is_changed is None else _fingerprint(is_changed, spec.input_is_list),
        check_lazy=None if check_lazy is None else _lazy_check(check_lazy),
        validate=getattr(cls, "VALIDATE_INPUTS", None),
        instance=cls,
    )


def _method_caller(method_name: str) -> Callable[..., Any]:
    def call(instance: Any, **values: Any) -> Any:
        return getattr(instance, method_name)(**values)

    return call


def _inputs(name: str, cls: type) -> tuple[InputSpec, ...]:
    ask: Any = getattr(cls, "INPUT_TYPES", None)
    written: Any = ask() if callable(ask) else None
    if not isinstance(written, Mapping):
        raise NodeDeclarationError(
            f"The node class {cls.__name__} ({name}) has no INPUT_TYPES classmethod that returns its inputs."
        )
    sections = cast("Mapping[str, Mapping[str, Any] | None]", written)
    found: list[InputSpec] = []
    for section in SECTIONS:
        for input_name, one in (sections.get(section) or {}).items():
            if not _is_written(input_name, one):
                raise NodeDeclarationError(
                    f"The input {input_name!r} of the node class {cls.__name__} ({name}) is written {one!r}, but a "
                    "tuple of its type and its options is needed."
                )
            found.append(_plain_input(input_from_object_info(input_name, section, _readable(one))))
    return tuple(found)


def _is_written(name: Any, one: Any) -> bool:
    return isinstance(name, str) and isinstance(one, (str, list, tuple)) and len(cast("Sized", one)) > 0


def _readable(one: Any) -> Any:
    """An input with a type that can be read: choices given as something other than a list are a list."""
    if isinstance(one, str) or isinstance(one[0], (str, list, tuple)):
        return one
    kind: Any = one[0]
    if isinstance(kind, Iterable) and not isinstance(kind, type):
        kind = sorted(cast("Iterable[Any]", kind), key=str) if isinstance(kind, (set, frozenset)) else [*kind]
    else:
        kind = getattr(kind, "__name__", str(kind))
    return (kind, *one[1:])


def _plain_input(spec: InputSpec) -> InputSpec:
    """An input that can be written as JSON: what is not plain in its options or choices is put as text, or left out."""
    choices = None if spec.choices is None else tuple(plain_value(one) for one in spec.choices)
    options = {str(name): plain_value(value) for name, value in spec.options.items() if not _is_endless(value)}
    return replace(spec, choices=choices, options=options)


def _is_endless(value: Any) -> bool:
    """An infinity as a bound, which is none; or NaN."""
    return isinstance(value, float) and not math.isfinite(value)


def _spec(name: str, cls: type, inputs: tuple[InputSpec, ...], display_name: str, python_module: str) -> NodeSpec:
    def said(attribute: str, default: Any) -> Any:
        return getattr(cls, attribute, default)

    validator: Any = said("VALIDATE_INPUTS", None)
    return NodeSpec(
        name,
        inputs,
        _outputs(cls),
        display_name=display_name or name,
        category=str(said("CATEGORY", "sd")),
        description=str(said("DESCRIPTION", "")),
        python_module=python_module,
        output_node=bool(said("OUTPUT_NODE", False)),
        input_is_list=bool(said("INPUT_IS_LIST", False)),
        not_idempotent=bool(said("NOT_IDEMPOTENT", False)),
        deprecated=bool(said("DEPRECATED", False)),
        experimental=bool(said("EXPERIMENTAL", False)),
        validates=None if validator is None else accepted_names(validator),
        fingerprints=hasattr(cls, "IS_CHANGED"),
    )


def _outputs(cls: type) -> tuple[OutputSpec, ...]:
    returned: Any = getattr(cls, "RETURN_TYPES", ())
    types = _several(returned)
    kinds: list[str] = [one if isinstance(one, str) else "COMBO" for one in types]  # a list of choices is a combo
    names = _several(getattr(cls, "RETURN_NAMES", None))
    lists = _several(getattr(cls, "OUTPUT_IS_LIST", None))
    tooltips = _several(getattr(cls, "OUTPUT_TOOLTIPS", None))
    return tuple(
        OutputSpec(
            kind,
            str(names[slot]) if slot < len(names) and names[slot] is not None else kind,
            slot < len(lists) and bool(lists[slot]),
            str(tooltips[slot]) if slot < len(tooltips) and tooltips[slot] is not None else None,
        )
        for slot, kind in enumerate(kinds)
    )


def _several(given: Any) -> list[Any]:
    """What should be a tuple and, without its comma, is a single value."""
    if given is None:
        return []
    if isinstance(given, str) or not isinstance(given, Iterable):
        return [given]
    return list(cast("Iterable[Any]", given))


def _methods(cls: type) -> list[Callable[..., Any]]:
    """The functions of a class and of what it derives from, in a fixed order."""
    found: list[Callable[..., Any]] = []
    for base in cls.__mro__[:-1]:
        for value in vars(base).values():
            function: object = getattr(value, "__func__", value)  # of classmethods and staticmethods
            if inspect.isfunction(function):
                found.append(function)
    return found


def _fingerprint(is_changed: Callable[..., Any], whole: bool) -> Callable[[Mapping[str, Any]], Any]:
    ask = accepting(is_changed)
    if not whole:
        return ask
    return lambda values: ask({name: [value] for name, value in values.items()})


def _lazy_check(check: Callable[..., Any]) -> Callable[..., Any]:
    """`check_lazy_status` with those of the inputs that it takes."""
    names = accepted_names(check)
    if "*" in names:
        return check

    def check_known(instance: Any, **values: Any) -> Any:
        return check(instance, **{name: value for name, value in values.items() if name in names})

    return check_known


def _reader(count: int) -> Callable[[Any], Returned]:
    """How to take apart what a method with `count` outputs returned."""

    def outputs(result: Any) -> tuple[Any, ...]:
        if isinstance(result, Blocked):
            return (result,) * count
        if isinstance(result, (tuple, list)):
            return tuple(cast("Iterable[Any]", result))
        return () if result is None else (result,)

    def read(result: Any) -> Returned:
        if not isinstance(result, dict):
            return Returned(outputs(result))
        given = cast("dict[str, Any]", result)
        expansion: Any = (given["expand"] or {}) if "expand" in given else None
        return Returned(outputs(given.get("result")), given.get("ui"), expansion)

    return read
