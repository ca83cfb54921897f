"""Reading a function's signature as a node's inputs and outputs."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from execution.context import Context
from execution.errors import NodeDeclarationError
from execution.fields import (
    SEED_MAX,
    Advanced,
    Choices,
    Default,
    Files,
    ForceInput,
    Help,
    Hidden,
    Mentions,
    Multiline,
    Name,
    Optional,
    Range,
    Seed,
    Socket,
    Toggle,
)
from execution.lazy import Lazy
from execution.results import Blocked, Ui, WithUi
from execution.schema import WIDGET_TYPES, InputSpec, OutputSpec
from execution.subgraph import Subgraph

M = TypeVar("M")

OTHER_UPLOADS = frozenset({"output", "temp"})
"""Lists whose files are not uploaded to the input folder but to one of that name."""

_SCALARS: dict[Any, str] = {int: "INT", float: "FLOAT", str: "STRING", bool: "BOOLEAN"}


@dataclass(slots=True)
class Annotation:
    """A type annotation taken apart."""

    base: Any
    markers: tuple[Any, ...] = ()
    lazy: bool = False
    is_list: bool = False
    nullable: bool = False

    def marker(self, kind: type[M]) -> M | None:
        return next((m for m in self.markers if isinstance(m, kind)), None)

    @property
    def socket_type(self) -> str | None:
        """The type's name on wires; None when the annotation names none."""
        socket = self.marker(Socket)
        if socket:
            return socket.type
        if self.marker(Choices) or self.marker(Files) or get_origin(self.base) is Literal:
            return "COMBO"
        if self.base is Any or self.base is object:
            return "*"
        return _SCALARS.get(self.base)

    @property
    def choices(self) -> tuple[Any, ...] | None:
        listed, files = self.marker(Choices), self.marker(Files)
        if listed:
            return tuple(listed.values)
        if files:
            return tuple(files.first) or None
        return get_args(self.base) if get_origin(self.base) is Literal else None


@dataclass(slots=True)
class Signature:
    """What a function's parameters mean."""

    inputs: tuple[InputSpec, ...]
    outputs: tuple[OutputSpec, ...]
    parameters: dict[str, str]  # input name -> parameter name, where they differ
    context: str | None  # the parameter that takes the Context
    hidden: tuple[tuple[str, str], ...]  # parameter name, kind
    takes_lists: bool
    mentions: dict[str, str]  # input name -> the folder whose files its text may name
    takes_any: bool  # has **kwargs: gets linked inputs that it does not declare


def take_apart(annotation: Any) -> Annotation:
    """Peel `Annotated`, `Lazy`, `list` and `| None` off a type."""
    found = Annotation(annotation)
    while True:
        origin = get_origin(found.base)
        arguments = get_args(found.base)
        if origin is Annotated:
            found.markers = (*arguments[1:], *found.markers)
            found.base = arguments[0]
        elif origin is Lazy:
            found.lazy, found.base = True, arguments[0]
        elif origin is list:
            if found.marker(Socket):
                return found
            found.is_list, found.base = True, arguments[0]
        elif origin in (Union, UnionType):
            rest = [a for a in arguments if a is not NoneType]
            found.nullable = found.nullable or len(rest) < len(arguments)
            if len(rest) != 1:
                return found
            found.base = rest[0]
        else:
            return found


def read_signature(function: Callable[..., Any]) -> Signature:
    """What a node's function declares.

    Raises:
        NodeDeclarationError: a parameter has no type, a type the engine cannot name, or contradicts another.
    """
    hints = get_type_hints(function, include_extras=True)
    inputs: list[InputSpec] = []
    renamed: dict[str, str] = {}
    hidden: list[tuple[str, str]] = []
    context: str | None = None
    mentions: dict[str, str] = {}
    listed: set[bool] = set()
    takes_any = False
    for name, parameter in inspect.signature(function).parameters.items():
        where = f"Parameter {name} of {function.__qualname__}"
        if parameter.kind is parameter.VAR_KEYWORD:
            takes_any = True
            continue
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.POSITIONAL_ONLY):
            raise NodeDeclarationError(f"{where} is positional: the engine passes inputs by name, so write it after *.")
        if name not in hints:
            raise NodeDeclarationError(f"{where} has no type annotation: say what it takes.")
        if hints[name] is Context:
            context = name
            continue
        annotation = take_apart(hints[name])
        kind = annotation.marker(Hidden)
        if kind:
            hidden.append((name, kind.kind))
            inputs.append(InputSpec(name, kind.kind, "hidden"))
            continue
        spec = _input(name, annotation, parameter.default, where)
        if spec.name != name:
            renamed[spec.name] = name
        mentioned = annotation.marker(Mentions)
        if mentioned:
            mentions[spec.name] = mentioned.folder
        listed.add(annotation.is_list)
        inputs.append(spec)
    if len(listed) > 1:
        raise NodeDeclarationError(
            f"{function.__qualname__} takes some inputs as lists and some not: a node that takes whole lists takes all "
            "of them so, write list[T] for each."
        )
    outputs = _outputs(function, hints.get("return", NoneType))
    return Signature(tuple(inputs), outputs, renamed, context, tuple(hidden), listed == {True}, mentions, takes_any)


def _input(name: str, annotation: Annotation, default: Any, where: str) -> InputSpec:
    kind = annotation.socket_type
    if kind is None:
        raise NodeDeclarationError(
            f'{where} has a type without a name on wires ({annotation.base}): write Annotated[T, Socket("NAME")].'
        )
    absent = default is inspect.Parameter.empty
    options = _options(annotation, kind, default)
    widget = kind in WIDGET_TYPES and not annotation.marker(ForceInput)
    if annotation.marker(Optional) and absent:
        raise NodeDeclarationError(f"{where} is optional but has no default: say what it is when left out.")
    optional = annotation.marker(Optional) is not None or (not absent and (default is None or not widget))
    files, called = annotation.marker(Files), annotation.marker(Name)
    return InputSpec(
        called.text if called else name,
        kind,
        "optional" if optional else "required",
        annotation.choices,
        files.folder if files else None,
        options,
    )


def _options(annotation: Annotation, kind: str, default: Any) -> dict[str, Any]:
    """The options of an input as `/object_info` names them."""
    options: dict[str, Any] = {}
    said = annotation.marker(Default)
    if said:
        options["default"] = _number(said.value, kind)
    elif default is not inspect.Parameter.empty and default is not None and not annotation.is_list:
        options["default"] = _number(default, kind)
    if annotation.marker(Seed):
        options |= {"min": 0, "max": SEED_MAX, "control_after_generate": True}
    bounds = annotation.marker(Range)
    if bounds:
        given = {"min": bounds.min, "max": bounds.max, "step": bounds.step}
        options |= {key: _number(value, kind) for key, value in given.items() if value is not None}
        if bounds.round is not None:
            options["round"] = bounds.round
    box, toggle, files = annotation.marker(Multiline), annotation.marker(Toggle), annotation.marker(Files)
    if box:
        options["multiline"] = True
        if box.dynamic_prompts:
            options["dynamicPrompts"] = True
    if toggle:
        options |= {"label_on": toggle.on, "label_off": toggle.off}
    if files and files.upload:
        options[f"{files.upload}_upload"] = True
        if files.folder in OTHER_UPLOADS:
            options[f"{files.upload}_folder"] = files.folder
    note = annotation.marker(Help)
    flags = {
        "tooltip": note.text if note else None,
        "forceInput": annotation.marker(ForceInput) is not None,
        "advanced": annotation.marker(Advanced) is not None,
        "lazy": annotation.lazy,
    }
    return options | {key: value for key, value in flags.items() if value}


def _number(value: Any, kind: str) -> Any:
    """An int written for a FLOAT as a float, so that JSON shows what the node gets."""
    return float(value) if kind == "FLOAT" and isinstance(value, int) else value


def _outputs(function: Callable[..., Any], returned: Any) -> tuple[OutputSpec, ...]:
    where = f"The result of {function.__qualname__}"
    alternatives = list(get_args(returned)) if get_origin(returned) in (Union, UnionType) else [returned]
    values = [a for a in alternatives if a not in (Blocked, Subgraph, Ui, NoneType)]
    if not values:
        if Subgraph in alternatives or Blocked in alternatives:
            raise NodeDeclarationError(f"{where} names no output: write the value's type too, as in Latent | Subgraph.")
        return ()
    if len(values) > 1:
        raise NodeDeclarationError(f"{where} is one of several types: name their socket with Annotated[..., Socket()].")
    annotation = values[0]
    if get_origin(annotation) is WithUi:
        annotation = get_args(annotation)[0]
    fields: tuple[str, ...] | None = getattr(annotation, "_fields", None)  # of a NamedTuple
    if fields is not None:
        hints = get_type_hints(annotation, include_extras=True)
        return tuple(_output(hints[name], name.upper(), f"{where}, field {name},") for name in fields)
    return (_output(annotation, None, where),)


def _output(annotation: Any, name: str | None, where: str) -> OutputSpec:
    read = take_apart(annotation)
    kind = read.socket_type
    if kind is None:
        raise NodeDeclarationError(
            f'{where} has a type without a name on wires ({read.base}): write Annotated[T, Socket("NAME")].'
        )
    called, note = read.marker(Name), read.marker(Help)
    return OutputSpec(kind, called.text if called else name or kind, read.is_list, note.text if note else None)
