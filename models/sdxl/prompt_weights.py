"""Weights in prompts: `(words)` counts 1.1 times, `(words:1.3)` counts 1.3, `\\(` and `\\)` are plain brackets.

The dialect is that of saved workflows (measured: `golden/math/tokens.json` of the reference data):

* a bracket without number multiplies the weight around it by 1.1; a number replaces that weight;
* square and curly brackets mean nothing;
* a bracket that nothing closes is text, unless the prompt ends in a bracket: then the two are a pair;
* after a closing bracket too many, opening brackets are text until as many have been opened.

Brackets may nest to any depth: the parser keeps its own stack and is linear in the length of the prompt.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from typing import NamedTuple

EMPHASIS = 1.1  # of a bracket without a number
LIMIT = 1e6  # larger weights count as this: they mean nothing more, and their products would overflow to infinity

_MARK = re.compile(r"\\[()]|[():]")


class Segment(NamedTuple):
    """A piece of a prompt whose words all have the same weight."""

    text: str
    weight: float


class _Span(NamedTuple):
    """Characters `start` to `end` (excluded) of the prompt, all inside the same brackets."""

    start: int
    end: int
    weight: float


class _Marks:
    """Where the brackets and colons of a prompt are, and which brackets belong together."""

    def __init__(self, prompt: str) -> None:
        self.prompt = prompt
        self.brackets: list[int] = []
        self.colons: list[int] = []
        self.closing: dict[int, int] = {}  # opening bracket -> its closing bracket, where it has one
        unclosed: list[int] = []
        for mark in _MARK.finditer(prompt):
            character, position = mark.group(), mark.start()
            if character == ":":
                self.colons.append(position)
            elif character in "()":
                self.brackets.append(position)
                if character == "(":
                    unclosed.append(position)
                elif unclosed:
                    self.closing[unclosed.pop()] = position

    def first_group(self, start: int, end: int) -> int | None:
        """The first opening bracket in the span that is not merely making up for a closing one too many."""
        surplus = 0
        for index in range(bisect_left(self.brackets, start), len(self.brackets)):
            position = self.brackets[index]
            if position >= end:
                return None
            if self.prompt[position] == ")":
                surplus += 1
            elif surplus:
                surplus -= 1
            else:
                return position
        return None

    def is_bracket(self, position: int) -> bool:
        index = bisect_left(self.brackets, position)
        return index < len(self.brackets) and self.brackets[index] == position

    def number_at_end(self, start: int, end: int) -> tuple[int, float] | None:
        """Position of the colon and value of the number that ends the span, as in `words:1.3`; there must be words."""
        index = bisect_left(self.colons, end) - 1
        if index < 0 or self.colons[index] <= start:
            return None
        colon = self.colons[index]
        if bisect_right(self.brackets, colon) != bisect_left(self.brackets, end):
            return None  # a bracket follows the colon, so no number does
        try:
            value = float(self.prompt[colon + 1 : end])
        except ValueError:
            return None
        return (colon, value) if math.isfinite(value) else None


def parse_weights(prompt: str, *, multiply: bool = False) -> list[Segment]:
    """The prompt as weighted pieces in their order, brackets and numbers removed; no piece is empty.

    `multiply`: a number multiplies the weight of the brackets around its own (A1111), instead of replacing it.
    """
    marks = _Marks(prompt)
    segments: list[Segment] = []
    pending = [_Span(0, len(prompt), 1.0)]  # the last is next
    while pending:
        span = pending.pop()
        opening = marks.first_group(span.start, span.end)
        text_end = span.end
        if opening is not None:
            closing = marks.closing.get(opening, span.end)
            if closing < span.end:
                text_end = opening
                pending.append(_Span(closing + 1, span.end, span.weight))
                pending.append(_inside(marks, opening, closing, span.weight, multiply))
            elif span.end - opening >= 2 and marks.is_bracket(span.end - 1) and prompt[span.end - 1] == ")":
                text_end = opening
                pending.append(_inside(marks, opening, span.end - 1, span.weight, multiply))
            else:
                _append(segments, prompt[span.start : opening], span.weight)
                span = _Span(opening, span.end, span.weight)
        _append(segments, prompt[span.start : text_end], span.weight)
    return segments


def _inside(marks: _Marks, opening: int, closing: int, weight: float, multiply: bool) -> _Span:
    number = marks.number_at_end(opening + 1, closing)
    if number is None:
        return _Span(opening + 1, closing, max(-LIMIT, min(weight * EMPHASIS, LIMIT)))
    colon, value = number
    value = value * weight if multiply else value
    return _Span(opening + 1, colon, max(-LIMIT, min(value, LIMIT)))


def _append(segments: list[Segment], text: str, weight: float) -> None:
    if text:
        segments.append(Segment(text.replace("\\(", "(").replace("\\)", ")"), weight))
