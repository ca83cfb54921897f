"""What the editor does to texts when it queues: alternatives `{a|b}`, comments, and names such as `%Node.widget%`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from random import Random

_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_BRACE = re.compile(r"\\.|[{|}]", re.DOTALL)
_NAME = re.compile(r"%([^%]+)%")
_UNSAFE = re.compile(r'[/?<>\\:*|"\x00-\x1f\x7f]')
_DATE_PART = re.compile(r"yyyy|yy|y|MM|M|dd|d|hh|h|mm|m|ss|s")


def pick_alternatives(text: str, random: Random) -> str:
    r"""Replace each `{a|b|c}` by one of its alternatives and drop comments (`//` to the line's end, `/* */`).

    Groups nest; `\{`, `\|` and `\}` stand for the signs themselves; an unclosed group reaches to the end. A group
    costs one random number whatever it holds, so texts of the same shape make the same choices.
    """
    text = _COMMENT.sub("", text)
    groups: list[list[str]] = [[""]]  # the open groups, outermost first; each is its alternatives so far
    at = 0
    for found in _BRACE.finditer(text):
        groups[-1][-1] += text[at : found.start()]
        at = found.end()
        sign = found.group()
        if sign == "{":
            groups.append([""])
        elif sign == "|" and len(groups) > 1:
            groups[-1].append("")
        elif sign == "}" and len(groups) > 1:
            alternatives = groups.pop()
            groups[-1][-1] += random.choice(alternatives)
        else:
            groups[-1][-1] += sign[1:] if sign[0] == "\\" and sign[1] in "{|}" else sign
    groups[-1][-1] += text[at:]
    while len(groups) > 1:
        alternatives = groups.pop()
        groups[-1][-1] += random.choice(alternatives)
    return groups[0][0]


def keep_braces(text: str) -> str:
    """Mark the braces of a text as plain signs, so that `pick_alternatives` gives it back as it is."""
    return re.sub(r"(?<!\\)[{}]", r"\\\g<0>", text)


def has_comment(text: str) -> bool:
    """Whether `pick_alternatives` would drop a part of the text."""
    return _COMMENT.search(text) is not None


def replace_names(text: str, look_up: Callable[[str, str], str | None], now: datetime) -> str:
    """Replace `%date:FORMAT%` by the time and `%Node.widget%` by that widget's value.

    `look_up(node, widget)` gives the value as text, None for an unknown one, which stays as written. A value's
    characters that no file name may have become `_`. Names without a dot (`%width%`) are the server's to replace.
    """

    def replacement(found: re.Match[str]) -> str:
        name = found.group(1)
        if name.startswith("date:"):
            return _date(name[len("date:") :], now)
        node, dot, widget = name.rpartition(".")
        value = look_up(node, widget) if dot else None
        return found.group() if value is None else _UNSAFE.sub("_", value)

    return _NAME.sub(replacement, text)


def _date(pattern: str, now: datetime) -> str:
    numbers = {"M": now.month, "d": now.day, "h": now.hour, "m": now.minute, "s": now.second}

    def part(found: re.Match[str]) -> str:
        sign = found.group()
        if sign[0] == "y":
            return str(now.year)[-2:] if sign == "yy" else str(now.year)
        return str(numbers[sign[0]]).zfill(len(sign))

    return _DATE_PART.sub(part, pattern)
