"""Plain data (of YAML, TOML or a node) becomes a dataclass of settings, or sentences about all that is wrong."""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Annotated, Any, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

SettingsT = TypeVar("SettingsT")


@dataclass(frozen=True)
class Between:
    """The smallest and largest number that a setting may be."""

    low: float
    high: float


@dataclass(frozen=True)
class Listed:
    """A setting that is a list of texts; one text is a list of one."""


Lines = Annotated[tuple[str, ...], Listed()]


class _Wrong(ValueError):
    """What a value should be, as the rest of a sentence."""


def read_settings(kind: type[SettingsT], given: object, where: str = "") -> tuple[SettingsT | None, list[str]]:
    """Settings of the dataclass `kind` from a mapping, and a sentence for each thing that is wrong with it.

    `where`: the dotted name of the section, for the sentences. None where anything is wrong.
    """
    if not isinstance(given, Mapping):
        return None, [f"{where or 'The file'} must be a section of settings (name: value), not {_shown(given)}."]
    names = {str(name): value for name, value in cast("Mapping[Any, Any]", given).items()}
    hints = get_type_hints(kind, include_extras=True)
    problems = [_unknown(name, list(hints), where) for name in names if name not in hints]
    values: dict[str, Any] = {}
    for one in dataclasses.fields(cast("Any", kind)):
        dotted = f"{where}.{one.name}" if where else one.name
        if one.name in names:
            value, wrong = _value(hints[one.name], names[one.name], dotted)
            values[one.name] = value
            problems += wrong
        elif one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING:
            problems.append(f"{dotted} is missing: it has no default, so the training must say it.")
    return (None, problems) if problems else (kind(**values), [])


def _unknown(name: str, known: list[str], where: str) -> str:
    near = difflib.get_close_matches(name, known, 1)
    there = f" in {where}" if where else ""
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}."
    return f"There is no setting {name!r}{there}; {hint}"


def _value(hint: Any, given: object, dotted: str) -> tuple[Any, list[str]]:
    if dataclasses.is_dataclass(hint):
        return read_settings(cast("type[Any]", hint), {} if given is None else given, dotted)
    rule = None
    if get_origin(hint) is Annotated:
        hint, rule = get_args(hint)[:2]
    try:
        return _plain(hint, rule, given), []
    except _Wrong as wrong:
        return None, [f"{dotted} must be {wrong}, not {_shown(given)}."]


def _plain(hint: Any, rule: object, given: object) -> Any:
    if isinstance(rule, Listed):
        return _lines(given)
    if get_origin(hint) is Literal:
        return _choice(get_args(hint), given)
    if hint is bool:
        if not isinstance(given, bool):
            raise _Wrong("true or false")
        return given
    if hint is str:
        if isinstance(given, (Mapping, list, bool, NoneType)):
            raise _Wrong("a text")
        return str(given)
    assert isinstance(rule, Between)
    return _number(hint is int, rule, given)


def _number(whole: bool, rule: Between, given: object) -> float:
    wanted = f"a {'whole ' if whole else ''}number from {_told(rule.low)} to {_told(rule.high)}"
    if isinstance(given, bool) or not isinstance(given, (int, float, str)):
        raise _Wrong(wanted)
    try:
        number = float(given)  # also of texts: YAML takes 1e-4 for one
    except (ValueError, OverflowError):
        raise _Wrong(wanted) from None
    if not math.isfinite(number) or not rule.low <= number <= rule.high or (whole and number != int(number)):
        raise _Wrong(wanted)
    return int(given) if whole else number


def _told(number: float) -> str:
    return f"{number:.0f}" if number == int(number) else f"{number:g}"


def _choice(choices: tuple[Any, ...], given: object) -> Any:
    if given not in choices or isinstance(given, bool):
        raise _Wrong(f"one of {', '.join(map(str, choices))}")
    return given


def _lines(given: object) -> tuple[str, ...]:
    lines = [given] if isinstance(given, str) else given
    if not isinstance(lines, list) or not all(isinstance(one, str) for one in cast("list[object]", lines)):
        raise _Wrong("a text or a list of texts")
    return tuple(cast("list[str]", lines))


def _shown(given: object) -> str:
    text = repr(given)
    return text if len(text) <= 60 else f"{text[:57]}..."
