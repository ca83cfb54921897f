"""Literal values of inputs: turned into the declared type, and held against ranges and lists of options."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from execution.graph import GraphNode
from execution.problems import Problem, Suggestions, at_node, shown
from execution.schema import InputSpec, ListFiles

HasFile = Callable[[str, str], bool]
"""Folder key and name -> whether that names a file, also where listing does not show it ("sub/x.png [output]")."""
PathOf = Callable[[str], str]
"""Folder key -> the folder on disk that a user puts such files into."""

SHOWN_OPTIONS = 20  # longer lists are not repeated in an answer
_CONVERT: Mapping[str, Callable[[Any], Any]] = {"INT": int, "FLOAT": float, "STRING": str, "BOOLEAN": bool}


@dataclass(slots=True)
class Checked:
    """A value as the node will get it, and what was found."""

    value: Any
    problems: list[Problem] = field(default_factory=list[Problem])


@dataclass(frozen=True, slots=True)
class _Options:
    listed: tuple[Any, ...]
    quick: frozenset[Any] | None  # the same, where all can be hashed

    def __contains__(self, value: Any) -> bool:
        try:
            return value in (self.listed if self.quick is None else self.quick)
        except TypeError:  # the value cannot be hashed
            return value in self.listed


class ValueChecker:
    """Checks literals; folders are listed once, so that a prompt is judged by one state of them."""

    def __init__(
        self, list_files: ListFiles, has_file: HasFile | None, suggestions: Suggestions, path_of: PathOf | None
    ) -> None:
        self._list_files = list_files
        self._has_file = has_file
        self._suggest = suggestions
        self._path_of = path_of
        self._folders: dict[str, list[str]] = {}
        self._options: dict[int, tuple[InputSpec, _Options]] = {}

    def files(self, folder: str) -> list[str]:
        """The files of a folder, as they were when first asked."""
        if folder not in self._folders:
            self._folders[folder] = self._list_files(folder)
        return self._folders[folder]

    def into(self, folder: str) -> str:
        """Where a file of a folder is to be put, as it stands behind "Put it"."""
        return f"into {self._path_of(folder)}" if self._path_of is not None else "there"

    def plain(self, spec: InputSpec) -> Callable[[Any], bool]:
        """A quick test: True for a literal that `check` would pass unchanged; False says nothing."""
        if spec.is_combo and spec.type == "COMBO":
            quick = self.options(spec).quick
            return _never if quick is None else lambda value: isinstance(value, (str, int, float)) and value in quick
        if spec.type == "STRING":
            return lambda value: isinstance(value, str)
        if spec.type == "BOOLEAN":
            return lambda value: isinstance(value, bool)
        if spec.type not in ("INT", "FLOAT"):
            return _never
        kind = int if spec.type == "INT" else float
        lowest, highest = spec.options.get("min", -sys.float_info.max), spec.options.get("max", sys.float_info.max)
        if not isinstance(lowest, (int, float)) or not isinstance(highest, (int, float)):
            return _never
        return lambda value: type(value) is kind and lowest <= value <= highest and abs(value) != math.inf

    def check(self, node: GraphNode, spec: InputSpec, value: Any, bounded: bool) -> Checked:
        """Judge the literal `value` of an input; `bounded`: also its range or list of options.

        The conversions are those that saved prompts rely on: "16", 1.9 and true are whole numbers, and so on.
        """
        if isinstance(value, (float, list, dict)) and _has_odd_number(value):
            return Checked(value, [_not_finite(node, spec, value)])
        convert = _CONVERT.get(spec.type)
        if convert is not None:
            if isinstance(value, list):
                return Checked(value, [bad_link(node, spec, cast("list[Any]", value))])
            try:
                converted = convert(value)
            except (ValueError, TypeError, OverflowError) as error:
                return Checked(value, [_wrong_type(node, spec, value, error)])
            checked = Checked(converted)
            if isinstance(converted, float) and not math.isfinite(converted):
                return Checked(value, [_not_finite(node, spec, value)])
            if spec.type == "INT" and isinstance(value, float) and converted != value:
                what = f"'{spec.name}' takes whole numbers, so {value} is taken as {converted}."
                checked.problems.append(at_node(node, "value_rounded", what, severity="warning", input=spec.name))
        else:
            checked = Checked(value)
        if bounded and spec.is_combo:
            self._check_option(node, spec, checked)
        elif bounded and spec.options and isinstance(checked.value, (int, float)):
            checked.problems += _range_problems(node, spec, checked.value)
        return checked

    def _check_option(self, node: GraphNode, spec: InputSpec, checked: Checked) -> None:
        options = self.options(spec)
        given: Any = checked.value
        many = isinstance(given, list) and spec.options.get("multiselect")
        values = cast("list[Any]", given) if many else [cast("Any", given)]
        for value in values:
            if value in options:
                continue
            if spec.files is not None and isinstance(value, str):
                if self._has_file is not None and self._has_file(spec.files, value):
                    continue
                other = value.replace("\\", "/")
                if other != value and other in options and not many:
                    checked.value = other
                    what = f"the file {value!r} for '{spec.name}' is written {other!r} here."
                    checked.problems.append(at_node(node, "path_style", what, severity="warning", input=spec.name))
                    continue
            checked.problems.append(self._not_listed(node, spec, value, options.listed))

    def options(self, spec: InputSpec) -> _Options:
        """The options of a combo as they are now."""
        known = self._options.get(id(spec))
        if known is None:
            listed = spec.listed(self.files)
            try:
                quick = frozenset(listed)
            except TypeError:
                quick = None
            known = self._options[id(spec)] = (spec, _Options(listed, quick))
        return known[1]

    def _not_listed(self, node: GraphNode, spec: InputSpec, value: Any, listed: tuple[Any, ...]) -> Problem:
        long = len(listed) > SHOWN_OPTIONS
        told = f"(list of length {len(listed)})" if long else repr(list(listed))
        near = self._suggest.phrase(f"{node.type}.{spec.name}", value, listed)
        if spec.files is not None:
            what = f"the file {shown(value)} for '{spec.name}' is not in the folder '{spec.files}'."
            there = "; the folder is empty now." if not listed else ", or choose one that is there."
            remedy = f"Put it {self.into(spec.files)}{there}{near}"
        else:
            what = f"{shown(value)} is no option of '{spec.name}'."
            remedy = f"Choose one of {len(listed)} options.{near}" if long else f"Choose one of {told}.{near}"
        extra = {
            "input_name": spec.name,
            "input_config": None if long else [list(listed), dict(spec.options)],
            "received_value": value,
        }
        return at_node(
            node,
            "value_not_in_list",
            what,
            remedy,
            input=spec.name,
            message="Value not in list",
            details=f"{spec.name}: '{value}' not in {told}",
            extra_info=extra,
        )


def _never(value: Any) -> bool:
    del value
    return False


def input_config(spec: InputSpec) -> list[Any]:
    """An input's declaration as answers repeat it: `[type, options]`."""
    kind: Any = list(spec.choices) if spec.choices is not None else str.__str__(spec.type)
    return [kind, dict(spec.options)]


def bad_link(node: GraphNode, spec: InputSpec, value: Any) -> Problem:
    """A list where a link or a plain value belongs, or a plain value where only a link can be."""
    what = f"'{spec.name}' has the value {shown(value)} where a link or a plain value belongs."
    remedy = 'Write a link as ["node id", output number], and a list as {"__value__": [...]}.'
    if not isinstance(value, list):
        what = f"'{spec.name}' ({spec.type}) has the value {shown(value)}, but only a link can give it."
        remedy = 'Connect it: write ["node id", output number].'
    return at_node(
        node,
        "bad_linked_input",
        what,
        remedy,
        input=spec.name,
        message="Bad linked input, must be a length-2 list of [node_id, slot_index]",
        details=spec.name,
        extra_info={"input_name": spec.name, "input_config": input_config(spec), "received_value": value},
    )


def _range_problems(node: GraphNode, spec: InputSpec, value: float) -> list[Problem]:
    lowest, highest = spec.options.get("min"), spec.options.get("max")
    span = f"Use a value from {lowest} to {highest}."
    if lowest is None or highest is None:
        span = f"Use at least {lowest}." if highest is None else f"Use at most {highest}."
    extra = {"input_name": spec.name, "input_config": input_config(spec), "received_value": value}
    found: list[Problem] = []
    for bound, bad, word in ((lowest, "smaller", "min"), (highest, "bigger", "max")):
        if not isinstance(bound, (int, float)) or not (value < bound if word == "min" else value > bound):
            continue
        less = "less" if word == "min" else "more"
        found.append(
            at_node(
                node,
                f"value_{bad}_than_{word}",
                f"'{spec.name}' is {shown(value)}, {less} than its {word}imum {bound}.",
                span,
                input=spec.name,
                message=f"Value {value} {bad} than {word} of {bound}",
                details=spec.name,
                extra_info=extra,
            )
        )
    return found


def _wrong_type(node: GraphNode, spec: InputSpec, value: Any, error: Exception) -> Problem:
    kinds = {"INT": "a whole number", "FLOAT": "a number"}
    return at_node(
        node,
        "invalid_input_type",
        f"'{spec.name}' is {shown(value)}, but must be {kinds.get(spec.type, spec.type)}.",
        f"Give {kinds.get(spec.type, 'another value')}.",
        input=spec.name,
        message=f"Failed to convert an input value to a {spec.type} value",
        details=f"{spec.name}, {value}, {error}",
        extra_info={
            "input_name": spec.name,
            "input_config": input_config(spec),
            "received_value": value,
            "exception_message": str(error),
        },
    )


def _not_finite(node: GraphNode, spec: InputSpec, value: Any) -> Problem:
    return at_node(
        node,
        "value_not_finite",
        f"'{spec.name}' is {shown(value)}, but NaN and infinities are no values to compute with.",
        "Give an ordinary number.",
        input=spec.name,
        message="Value is not a finite number",
        details=f"{spec.name}: {shown(value)}",
        extra_info={"input_name": spec.name, "input_config": input_config(spec), "received_value": str(value)},
    )


def _has_odd_number(value: Any) -> bool:
    """Whether NaN or an infinity is in a value, however deep."""
    waiting: list[Any] = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, float):
            if not math.isfinite(one):
                return True
        elif isinstance(one, dict):
            waiting += cast("dict[str, Any]", one).values()
        elif isinstance(one, list):
            waiting += cast("list[Any]", one)
    return False
