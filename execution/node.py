"""`@node`: an annotated function is a node. Everything a node's author needs is importable from here."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar, cast

from execution.accepting import accepting
from execution.code_version import code_digest
from execution.context import Context
from execution.errors import Cancelled, NodeDeclarationError, NodeInputError
from execution.lazy import Lazy
from execution.results import Blocked, Ui, UiData, WithUi
from execution.schema import NodeSpec
from execution.signature import read_signature
from execution.subgraph import Subgraph

__all__ = [
    "Blocked",
    "Cancelled",
    "Context",
    "Lazy",
    "Node",
    "NodeDeclarationError",
    "NodeInputError",
    "Subgraph",
    "Ui",
    "WithUi",
    "declared_node",
    "node",
]

F = TypeVar("F", bound=Callable[..., Any])

_ATTRIBUTE = "__node__"


class Returned(NamedTuple):
    """What one call of a node gave."""

    outputs: tuple[Any, ...]
    ui: UiData | None = None
    expansion: Any = None  # a Subgraph, or a class-style node's {id: node}; its links stand among `outputs`


@dataclass(frozen=True, eq=False, slots=True)
class Node:
    """A node type that can run: its declaration and how to call it. Function-style and class-style alike."""

    spec: NodeSpec
    call: Callable[..., Any]  # inputs by name; class-style: the instance first
    read: Callable[[Any], Returned]  # what the call gave, taken apart
    code: str  # digest of its code
    is_async: bool = False
    context: str | None = None  # the parameter that takes a Context
    hidden: tuple[tuple[str, str], ...] = ()  # parameter, kind
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])  # input -> parameter, where they differ
    mentions: Mapping[str, str] = field(default_factory=dict[str, str])  # input -> folder whose files its text names
    takes_any: bool = False  # gets linked inputs that it does not declare
    awaits_inputs: bool = False  # lazy inputs are given as awaitables
    fingerprint: Callable[[Mapping[str, Any]], Any] | None = None  # constants by name -> a value of the cache key
    check_lazy: Callable[..., Any] | None = None  # class-style: which lazy inputs are needed
    validate: Callable[..., Any] | None = None  # the author's own validation
    instance: Callable[[], Any] | None = None  # class-style: makes the object whose method is called
    kept: bool = True  # its result may be taken from an earlier run
    takes_blocked: bool = False  # it is called although an input is blocked, without the items that are


def node(
    name: str,
    *,
    category: str,
    display_name: str = "",
    output: bool = False,
    description: str | None = None,
    version: str = "",
    not_idempotent: bool = False,
    fingerprint: Callable[..., Any] | None = None,
    deprecated: bool = False,
    experimental: bool = False,
    dev_only: bool = False,
    kept: bool = True,
    takes_blocked: bool = False,
) -> Callable[[F], F]:
    """Declare a function a node type called `name`; the function stays what it was.

    `output`: its run is an end in itself. `version`: change it when what the function calls changes its results.
    `dev_only`: nobody adds it by hand, so editors do not offer it. `not_idempotent`: equal nodes never share a result.
    `fingerprint`: a function of some of the inputs (by name; linked ones are None; also of its context) whose value
    is part of the cache key; NaN makes the node run every time.
    `kept=False`: it is called in each run that needs it, while its key stays, so that what follows need not run: for
    a node whose expansion has effects. `takes_blocked`: blocked items of its inputs are left out instead of blocking
    it; only for a node that takes whole lists.

    Raises:
        NodeDeclarationError: the signature does not say what a node must.
    """

    def declare(function: F) -> F:
        declared = _node_of(function, fingerprint, version)
        spec = declared.spec
        spec = NodeSpec(
            name,
            spec.inputs,
            spec.outputs,
            display_name=display_name or name,
            category=category,
            description=inspect.getdoc(function) or "" if description is None else description,
            python_module=function.__module__,
            output_node=output,
            input_is_list=spec.input_is_list,
            not_idempotent=not_idempotent,
            deprecated=deprecated,
            experimental=experimental,
            dev_only=dev_only,
            fingerprints=fingerprint is not None,
        )
        object.__setattr__(declared, "spec", spec)
        object.__setattr__(declared, "kept", kept)
        object.__setattr__(declared, "takes_blocked", takes_blocked)
        if takes_blocked and not spec.input_is_list:
            raise NodeDeclarationError(f"{function.__qualname__} takes blocked items, so it must take whole lists.")
        setattr(function, _ATTRIBUTE, declared)
        return function

    return declare


def declared_node(function: Any) -> Node | None:
    """The node that `@node` declared on a function, if it did."""
    found = getattr(function, _ATTRIBUTE, None)
    return found if isinstance(found, Node) else None


def _node_of(function: Callable[..., Any], fingerprint: Callable[..., Any] | None, version: str) -> Node:
    signature = read_signature(function)
    is_async = inspect.iscoroutinefunction(function)
    lazy = any(spec.lazy for spec in signature.inputs)
    if lazy and not is_async:
        raise NodeDeclarationError(f"{function.__qualname__} has Lazy inputs, which only an async function can await.")
    return Node(
        NodeSpec("", signature.inputs, signature.outputs, input_is_list=signature.takes_lists),
        function,
        _reader(function, len(signature.outputs)),
        f"{code_digest(function)}:{version}" if version else code_digest(function),
        is_async=is_async,
        context=signature.context,
        hidden=signature.hidden,
        parameters=signature.parameters,
        mentions=signature.mentions,
        takes_any=signature.takes_any,
        awaits_inputs=lazy,
        fingerprint=None if fingerprint is None else accepting(fingerprint),
    )


def _reader(function: Callable[..., Any], count: int) -> Callable[[Any], Returned]:
    """How to take apart what a function with `count` outputs returned."""
    named = f"{function.__qualname__} returned"

    def read(result: Any) -> Returned:
        ui: UiData | None = None
        if isinstance(result, WithUi):
            with_ui = cast("WithUi[Any]", result)
            result, ui = with_ui.value, with_ui.ui
        elif isinstance(result, Ui):
            result, ui = None, result.data
        if isinstance(result, Blocked):
            return Returned((result,) * count, ui)
        if isinstance(result, Subgraph):
            if len(result.results) != count:
                raise TypeError(f"{named} a subgraph with {len(result.results)} results, but declares {count} outputs.")
            return Returned(result.results, ui, result)
        if count == 1:
            return Returned((result,), ui)
        if count == 0:
            return Returned((), ui)
        outputs = cast("tuple[Any, ...]", result)
        if not isinstance(result, tuple) or len(outputs) != count:
            kind: str = type(cast("object", result)).__name__
            raise TypeError(f"{named} {kind}, but declares {count} outputs: return its named tuple.")
        return Returned(tuple(outputs), ui)

    return read
