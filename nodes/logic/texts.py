"""Values written as text, and read from it."""

import json
import string
from collections.abc import Mapping
from typing import Annotated, Any, Literal, cast

from execution.fields import Help, Multiline, Name
from execution.node import NodeInputError, node

LONGEST_FORMAT = 40  # characters of what stands behind the colon
WIDEST = 1000  # characters that one value may be padded to
LONGEST = 1_000_000  # characters of a text that is made

Value = Annotated[Any, Help("A value that the text calls by this name: a number, a text, yes or no.")]
Anything = Annotated[Any, Help("A number, a text, or yes or no.")]

YES = frozenset({"true", "yes", "on", "1"})
NO = frozenset({"false", "no", "off", "0", ""})


@node("WeftFormatText", category="logic/text", display_name="Format text")
def format_text(
    *,
    template: Annotated[
        str, Multiline(), Help("{a} is the value a; {b:03d} with leading zeros, {c:.2f} with two decimals; {{ is {.")
    ] = "{a}",
    a: Value = "",
    b: Value = "",
    c: Value = "",
    d: Value = "",
    e: Value = "",
    f: Value = "",
    g: Value = "",
    h: Value = "",
) -> Annotated[str, Name("text")]:
    """A text with values put in: `seed {a}, {b:03d} of {c}`."""
    return filled(template, {"a": a, "b": b, "c": c, "d": d, "e": e, "f": f, "g": g, "h": h})


@node("WeftToInt", category="logic/text", display_name="To whole number")
def to_int(
    *,
    value: Anything,
    rounding: Annotated[Literal["nearest", "down", "up", "towards 0"], Help("What becomes of 2.5.")] = "nearest",
) -> int:
    """A number or a text as a whole number."""
    number = _number(value)
    if isinstance(number, int):
        return number
    down = int(number // 1)
    return {"nearest": round(number), "down": down, "up": -int(-number // 1), "towards 0": int(number)}[rounding]


@node("WeftToFloat", category="logic/text", display_name="To number")
def to_float(*, value: Anything) -> float:
    """A whole number or a text as a number."""
    return float(_number(value))


@node("WeftToText", category="logic/text", display_name="To text")
def to_text(*, value: Annotated[Any, Help("Anything: lists and objects become JSON.")]) -> str:
    """A value as text."""
    return _written(value)


@node("WeftToBoolean", category="logic/text", display_name="To yes or no")
def to_boolean(*, value: Anything) -> bool:
    """A number (0 is no) or a text (true, yes, on; false, no, off) as yes or no."""
    if isinstance(value, str) and value.strip().lower() in YES | NO:
        return value.strip().lower() in YES
    return bool(_number(value))


@node("WeftFromJson", category="logic/text", display_name="Value from JSON")
def from_json(
    *,
    text: Annotated[str, Multiline(), Help("A text in JSON.")],
    path: Annotated[str, Help("Where the value is: names and places divided by dots, such as items.0.seed.")] = "",
) -> Annotated[Any, Name("value")]:
    """A value out of a text in JSON: a number, a text, or a part that holds others."""
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NodeInputError("text", f"This is no JSON: {error}.") from error
    way: list[str] = []
    for step in filter(None, path.split(".")):
        way.append(step)
        found = _inside(found, step, ".".join(way))
    return found


def filled(template: str, values: Mapping[str, Any]) -> str:
    """A template with its values put in; nothing of a value but itself can be reached.

    Raises:
        NodeInputError: the template is none, names something else, or a format does not fit its value.
    """
    parts: list[str] = []
    length = 0
    try:
        pieces = list(string.Formatter().parse(template))
    except ValueError as error:
        raise NodeInputError("template", f"The text cannot be read: {error}. Write {{{{ for a single {{.") from error
    for literal, name, format_spec, conversion in pieces:
        parts.append(literal)
        if name is not None:
            parts.append(_formatted(name, format_spec or "", conversion, values))
        length += sum(map(len, parts[-2:]))
        if length > LONGEST:
            raise NodeInputError("template", f"The text grows beyond {LONGEST} characters. Put shorter values in.")
    return "".join(parts)


def _formatted(name: str, format_spec: str, conversion: str | None, values: Mapping[str, Any]) -> str:
    if name not in values or conversion:
        raise NodeInputError(
            "template",
            f"The text names {{{name}{f'!{conversion}' if conversion else ''}}}. There are {', '.join(values)}.",
        )
    numbers = "".join(one if one.isdigit() else " " for one in format_spec).split()
    if len(format_spec) > LONGEST_FORMAT or "{" in format_spec or any(int(one) > WIDEST for one in numbers):
        raise NodeInputError("template", f"{{{name}:{format_spec[:LONGEST_FORMAT]}}} is no format such as 03d or .2f.")
    value = values[name]
    if not isinstance(value, (str, int, float)):
        value = _written(value)
    if format_spec.endswith("d") and isinstance(value, float) and value.is_integer():
        value = int(value)
    try:
        return format(value, format_spec)
    except (ValueError, OverflowError) as error:
        kinds: dict[type, str] = {str: "a text", bool: "yes or no", int: "a whole number"}
        kind = kinds.get(type(value), "a number")
        raise NodeInputError("template", f"The format {format_spec!r} does not fit {name}, which is {kind}.") from error


def _written(value: Any) -> str:
    if isinstance(value, (list, dict)):
        try:
            return json.dumps(value, ensure_ascii=False)
        except (TypeError, ValueError, RecursionError):
            return str(cast("object", value))
    return str(value)


def _number(value: Any) -> int | float:
    if isinstance(value, (int, float)):  # yes is 1
        number: int | float = int(value) if isinstance(value, bool) else value
    else:
        text = str(value).strip()
        try:
            number = int(text) if text.lstrip("+-").isdigit() else float(text)
        except ValueError as error:
            raise NodeInputError("value", f"{value!r:.60} is no number. Connect one.") from error
    if number != number or number in (float("inf"), float("-inf")):
        raise NodeInputError("value", "The number is infinite, or none at all. Connect another one.")
    return number


def _inside(value: Any, step: str, way: str) -> Any:
    if isinstance(value, dict) and step in value:
        return cast("dict[str, Any]", value)[step]
    if isinstance(value, list):
        items = cast("list[Any]", value)
        if step.lstrip("-").isdigit() and -len(items) <= int(step) < len(items):
            return items[int(step)]
        raise NodeInputError("path", f"There is nothing at {way}: the list there has {len(items)} items, from 0.")
    held = ", ".join(list(cast("dict[str, Any]", value))[:10]) if isinstance(value, dict) else "no parts"
    raise NodeInputError("path", f"There is nothing at {way}. What is there has: {held}.")
