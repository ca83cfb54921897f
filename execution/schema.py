"""The catalogue: what a node is, as plain data.

A worker announces its nodes as `NodeSpec` values. From them `/object_info` is answered, UI workflows are converted
and prompts are validated, none of which needs torch or the node's code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from operator import ne
from typing import Any, Literal, cast

WIDGET_TYPES = frozenset({"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"})

Section = Literal["required", "optional", "hidden"]
ListFiles = Callable[[str], list[str]]
"""Folder key ("checkpoints", "input", ...) -> names of the files in it, sorted."""


class FileNames(list[str]):
    """The files of a folder as code lists them for a combo: it remembers the folder, also behind further choices.

    `["None"] + names` remembers it as well; any other operation gives a plain list.
    """

    def __init__(self, folder: str, names: Iterable[str], first: Iterable[str] = ()) -> None:
        self.folder = folder
        self.first = tuple(first)  # choices before the files that are no files
        self.names = tuple(names)
        super().__init__((*self.first, *self.names))

    def __radd__(self, others: list[str]) -> FileNames:
        return FileNames(self.folder, self.names, (*others, *self.first))

    @property
    def unchanged(self) -> bool:
        """Whether it still holds just what it was made of."""
        return (*self.first, *self.names) == tuple(self)


@dataclass(frozen=True, slots=True)
class InputSpec:
    """One input of a node.

    `type` is the socket type ("MODEL", "INT", "IMAGE,MASK", "*"); a combo's is "COMBO". It may be an instance of a
    `str` subclass whose `!=` is overridden (node packs do that), so comparisons go through `types_match`.
    """

    name: str
    type: str
    section: Section = "required"
    choices: tuple[Any, ...] | None = None  # a combo's fixed options
    files: str | None = None  # a combo whose options are the files of this folder, listed afresh at each look
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])  # default, min, max, step, tooltip, lazy ...
    new_style: bool = False  # a combo written ["COMBO", {"options": [...]}] instead of [[...], {...}]

    @property
    def is_combo(self) -> bool:
        return self.choices is not None or self.files is not None

    @property
    def is_widget(self) -> bool:
        """Whether the editor shows a widget for it, so that a workflow may hold a literal value."""
        if self.section == "hidden" or self.options.get("forceInput"):
            return False
        return self.is_combo or self.type in WIDGET_TYPES

    @property
    def lazy(self) -> bool:
        return bool(self.options.get("lazy"))

    @property
    def raw_link(self) -> bool:
        return bool(self.options.get("rawLink"))

    def listed(self, list_files: ListFiles) -> tuple[Any, ...]:
        """The options of a combo as they are now; () for another type."""
        if self.files is not None:
            return (*(self.choices or ()), *list_files(self.files))
        return self.choices or ()

    def default(self, list_files: ListFiles) -> Any:
        """The value a missing widget takes: the declared default, else the type's first or empty value."""
        if "default" in self.options:
            return self.options["default"]
        if self.is_combo:
            return next(iter(self.listed(list_files)), None)
        return {"INT": 0, "FLOAT": 0.0, "STRING": "", "BOOLEAN": False}.get(self.type)

    def to_object_info(self, list_files: ListFiles) -> Any:
        """This input as `/object_info` has it: `[type, options]`, `[[choices], options]`, hidden ones bare."""
        if self.section == "hidden":
            return self.type
        if self.is_combo:
            listed = list(self.listed(list_files))
            if self.new_style:
                return ["COMBO", {**self.options, "options": listed}]
            return [listed, dict(self.options)] if self.options else [listed]
        return [self.type, dict(self.options)] if self.options else [self.type]


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """One output of a node."""

    type: str
    name: str
    is_list: bool = False
    tooltip: str | None = None


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """Everything the outside may know of a node type."""

    name: str
    inputs: tuple[InputSpec, ...] = ()
    outputs: tuple[OutputSpec, ...] = ()
    display_name: str = ""
    category: str = "sd"
    description: str = ""
    python_module: str = "nodes"
    output_node: bool = False  # its run is an end in itself: the engine demands it
    input_is_list: bool = False
    not_idempotent: bool = False  # never shares a cached result with an equal node
    deprecated: bool = False
    experimental: bool = False
    dev_only: bool = False  # nobody adds it by hand: editors do not offer it
    validates: frozenset[str] | None = None  # inputs its own validator takes; None: it has none; {"*"}: all
    fingerprints: bool = False  # it has an IS_CHANGED of its own

    def input(self, name: str) -> InputSpec | None:
        return next((i for i in self.inputs if i.name == name), None)

    def to_object_info(self, list_files: ListFiles) -> dict[str, Any]:
        """This node as `GET /object_info` describes it."""
        sections: dict[str, dict[str, Any]] = {"required": {}}
        for spec in self.inputs:
            sections.setdefault(spec.section, {})[spec.name] = spec.to_object_info(list_files)
        info: dict[str, Any] = {
            "input": sections,
            "input_order": {section: list(names) for section, names in sections.items()},
            "output": [o.type for o in self.outputs],
            "output_is_list": [o.is_list for o in self.outputs],
            "output_name": [o.name for o in self.outputs],
            "name": self.name,
            "display_name": self.display_name or self.name,
            "description": self.description,
            "python_module": self.python_module,
            "category": self.category,
            "output_node": self.output_node,
        }
        if any(o.tooltip for o in self.outputs):
            info["output_tooltips"] = [o.tooltip or "" for o in self.outputs]
        info.update({flag: True for flag in ("deprecated", "experimental", "dev_only") if getattr(self, flag)})
        return info


def input_from_object_info(name: str, section: Section, written: Any) -> InputSpec:
    """Read one input of an `/object_info` answer or of a class-style `INPUT_TYPES`.

    Accepts a bare type, `[type]`, `[type, options]`, `[[choices], options]` and `["COMBO", {"options": [...]}]`.
    """
    if isinstance(written, str):
        return InputSpec(name, written, section)
    parts = list(cast("list[Any] | tuple[Any, ...]", written))
    kind: Any = parts[0]
    options: dict[str, Any] = dict(_mapping(parts[1])) if len(parts) > 1 else {}
    if isinstance(kind, (list, tuple)):
        return _combo(name, section, cast("list[Any] | tuple[Any, ...]", kind), options, new_style=False)
    if kind == "COMBO" and isinstance(options.get("options"), (list, tuple)):
        return _combo(name, section, options.pop("options"), options, new_style=True)
    return InputSpec(name, kind, section, options=options)


def _combo(
    name: str, section: Section, listed: list[Any] | tuple[Any, ...], options: Mapping[str, Any], *, new_style: bool
) -> InputSpec:
    if isinstance(listed, FileNames) and listed.unchanged:
        return InputSpec(name, "COMBO", section, listed.first or None, listed.folder, options, new_style)
    return InputSpec(name, "COMBO", section, tuple(listed), options=options, new_style=new_style)


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def spec_from_object_info(name: str, info: Mapping[str, Any]) -> NodeSpec:
    """Read a node from an `/object_info` answer: the inverse of `NodeSpec.to_object_info` with files listed."""
    inputs: list[InputSpec] = []
    for section in ("required", "optional", "hidden"):
        written: Mapping[str, Any] = info.get("input", {}).get(section) or {}
        order: list[str] = info.get("input_order", {}).get(section) or list(written)
        inputs += [input_from_object_info(key, section, written[key]) for key in order if key in written]
    types: list[str] = list(info.get("output", []))
    names: list[str] = list(info.get("output_name", types))
    lists: list[bool] = list(info.get("output_is_list", [False] * len(types)))
    outputs = tuple(OutputSpec(t, n, bool(is_list)) for t, n, is_list in zip(types, names, lists, strict=True))
    return NodeSpec(
        name,
        tuple(inputs),
        outputs,
        display_name=info.get("display_name") or name,
        category=info.get("category", "sd"),
        description=info.get("description", ""),
        python_module=info.get("python_module", "nodes"),
        output_node=bool(info.get("output_node")),
    )


def types_match(received: str, expected: str) -> bool:
    """Whether a link may join an output of type `received` to an input of type `expected`.

    Equal names, comma-separated sets that overlap, or `*` on either side. Asked as `not (received != expected)`
    first, because node packs override `!=` to make a socket that takes anything.
    """
    if not ne(received, expected):
        return True
    if str.__eq__(received, "*") is True or str.__eq__(expected, "*") is True:
        return True
    return not set(received.split(",")).isdisjoint(expected.split(","))
