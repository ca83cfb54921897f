"""A node's declaration as JSON data, and back: how a worker's catalogue reaches the server and a file."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from operator import ne
from typing import Any, cast

from execution.schema import InputSpec, NodeSpec, OutputSpec, Section

_PROBE = "\0no type is called this"
_TEXTS = ("name", "display_name", "category", "description", "python_module")
_FLAGS = ("output_node", "input_is_list", "not_idempotent", "deprecated", "experimental", "dev_only", "fingerprints")


class AnySocket(str):
    """A socket type that every other type matches: node packs make them by overriding `!=` (see `types_match`)."""

    __slots__ = ()

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = str.__hash__


class SomeSocket(str):
    """A socket type that matches the types named besides its own: the general form of a pack's overridden `!=`."""

    __slots__ = ("matches",)
    matches: frozenset[str]

    def __new__(cls, text: str, matches: Iterable[str]) -> SomeSocket:
        made = super().__new__(cls, text)
        made.matches = frozenset(matches)
        return made

    def __ne__(self, other: object) -> bool:
        return not (isinstance(other, str) and (str.__eq__(self, other) or str.__str__(other) in self.matches))

    __hash__ = str.__hash__


def catalogue_to_data(catalogue: Mapping[str, NodeSpec]) -> dict[str, dict[str, Any]]:
    """All declarations as JSON data."""
    types = {str.__str__(output.type) for spec in catalogue.values() for output in spec.outputs}
    types |= {str.__str__(one.type) for spec in catalogue.values() for one in spec.inputs}
    return {name: spec_to_data(spec, types) for name, spec in catalogue.items()}


def catalogue_from_data(data: Mapping[str, Mapping[str, Any]]) -> dict[str, NodeSpec]:
    """The inverse of `catalogue_to_data`."""
    return {name: spec_from_data(one) for name, one in data.items()}


def spec_to_data(spec: NodeSpec, types: Iterable[str] = ()) -> dict[str, Any]:
    """A node's declaration as JSON data; what is as usual is left out.

    `types`: the types that there are, to find out what a type with an operator of its own matches.
    """
    data: dict[str, Any] = {name: str.__str__(getattr(spec, name)) for name in _TEXTS if getattr(spec, name)}
    data.update({name: True for name in _FLAGS if getattr(spec, name)})
    data["inputs"] = [_input_to_data(one, types) for one in spec.inputs]
    data["outputs"] = [_output_to_data(one, types) for one in spec.outputs]
    if spec.validates is not None:
        data["validates"] = sorted(spec.validates)
    return data


def spec_from_data(data: Mapping[str, Any]) -> NodeSpec:
    """The inverse of `spec_to_data`.

    Raises:
        KeyError, TypeError: the data is no declaration.
    """
    given: dict[str, Any] = {name: data.get(name, "") for name in _TEXTS}
    given.update({name: bool(data.get(name)) for name in _FLAGS})
    validates: list[str] | None = data.get("validates")
    return NodeSpec(
        inputs=tuple(_input_from_data(one) for one in data["inputs"]),
        outputs=tuple(_output_from_data(one) for one in data["outputs"]),
        validates=None if validates is None else frozenset(validates),
        **given,
    )


def _input_to_data(spec: InputSpec, types: Iterable[str]) -> dict[str, Any]:
    data: dict[str, Any] = {"name": str.__str__(spec.name), "type": _type_to_data(spec.type, types)}
    if spec.section != "required":
        data["section"] = spec.section
    if spec.choices is not None:
        data["choices"] = [_to_data(choice) for choice in spec.choices]
    if spec.files is not None:
        data["files"] = spec.files
    if spec.options:
        data["options"] = _to_data(spec.options)
    if spec.new_style:
        data["new_style"] = True
    return data


def _input_from_data(data: Mapping[str, Any]) -> InputSpec:
    choices: list[Any] | None = data.get("choices")
    return InputSpec(
        data["name"],
        _type_from_data(data["type"]),
        cast("Section", data.get("section", "required")),
        None if choices is None else tuple(_from_data(choice) for choice in choices),
        data.get("files"),
        _from_data(data.get("options") or {}),
        bool(data.get("new_style")),
    )


def _output_to_data(spec: OutputSpec, types: Iterable[str]) -> list[Any]:
    tooltip = None if spec.tooltip is None else str(spec.tooltip)
    return [_type_to_data(spec.type, types), str.__str__(spec.name), spec.is_list, tooltip]


def _output_from_data(data: list[Any]) -> OutputSpec:
    type, name, is_list, tooltip = data
    return OutputSpec(_type_from_data(type), name, bool(is_list), tooltip)


def _type_to_data(type_: Any, types: Iterable[str]) -> Any:
    """A socket type: its text, or [text, what it matches: a list of types, or "*" for all]."""
    if type(type_) is str:
        return type_
    if not isinstance(type_, str):
        return _text(type_)
    text = str.__str__(type_)
    if not ne(type_, _PROBE):
        return [text, "*"]
    matched = sorted(one for one in types if one != text and not ne(type_, one))
    return [text, matched] if matched else text


def _type_from_data(data: Any) -> str:
    if isinstance(data, str):
        return data
    text, matches = data
    return AnySocket(text) if matches == "*" else SomeSocket(text, matches)


def _to_data(value: Any) -> Any:
    """A value as JSON data; numbers that JSON lacks as {"$float": "inf"}, objects as their texts."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$float": repr(float(value))}
    if isinstance(value, Mapping):
        items = cast("Mapping[Any, Any]", value).items()
        return {key if type(key) is str else _text(key): _to_data(item) for key, item in items}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_to_data(item) for item in cast("Iterable[Any]", value)]
    return _text(value)


def _text(value: object) -> str:
    try:
        return str.__str__(value) if isinstance(value, str) else str(value)
    except Exception:  # noqa: BLE001 - somebody else's __str__: its class is all that can be said
        return f"<{type(value).__qualname__}>"


def _from_data(value: Any) -> Any:
    if isinstance(value, dict):
        given = cast("dict[str, Any]", value)
        if given.keys() == {"$float"}:
            return float(given["$float"])
        return {key: _from_data(item) for key, item in given.items()}
    if isinstance(value, list):
        return [_from_data(item) for item in cast("list[Any]", value)]
    return value
