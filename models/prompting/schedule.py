"""Prompts that change from step to step, in the notation of A1111's prompt editing.

    [from:to:when]   `from` up to step `when`, then `to`;   [to:when] and [from::when] leave one of them empty
    [a|b|c]          one after the other, a step each

`when` is a step if it is 1 or more, or a share of the steps if it is less than 1 or has a point. Groups nest; `\\[`,
`\\]`, `\\|` and `\\:` stand for the signs themselves inside of groups. Brackets around anything else stay as they are.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from models.prompting.errors import PromptError

DEEPEST = 40  # groups within groups
_SIGN = re.compile(r"\\.|[\[\]()|:]", re.DOTALL)
_NUMBER = re.compile(r"\s*(\d+\.?\d*|\.\d+)\s*")


@dataclass(frozen=True)
class Switch:
    """One text up to a step, another from it on."""

    before: Text
    after: Text
    when: float
    share: bool  # whether `when` is a share of the steps

    def step(self, steps: int) -> int:
        """The first step, from 0, at which the second text holds."""
        return int(self.when * steps) if self.share else int(self.when)


@dataclass(frozen=True)
class Alternation:
    """Texts that follow each other, a step each, over and over."""

    texts: tuple[Text, ...]


@dataclass(frozen=True)
class Weak:
    """A text in square brackets that is no schedule."""

    text: Text


Part = str | Switch | Alternation | Weak
Text = tuple[Part, ...]


class Span(NamedTuple):
    """A text and the steps that it holds for."""

    first: int  # from 0
    end: int  # the step after the last
    text: str


def schedule(prompt: str, steps: int, *, weaken: bool = False) -> list[Span]:
    """The texts that a prompt stands for in a run of `steps` steps; one where it has no schedule.

    `weaken`: `[word]` is written as `(word:0.909)`, as A1111 reads it; otherwise its brackets are signs like others.

    Raises:
        PromptError: groups are nested too deep.
    """
    parsed = parse(prompt)
    spans: list[Span] = []
    for step in range(steps):
        text = _at(parsed, step, steps, weaken)
        if spans and spans[-1].text == text:
            spans[-1] = spans[-1]._replace(end=step + 1)
        else:
            spans.append(Span(step, step + 1, text))
    return spans


def parse(prompt: str) -> Text:
    """A prompt as text and groups."""
    return _Reader(prompt).whole()


def _at(text: Text, step: int, steps: int, weaken: bool) -> str:
    return "".join(_part_at(part, step, steps, weaken) for part in text)


def _part_at(part: Part, step: int, steps: int, weaken: bool) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Switch):
        return _at(part.before if step < part.step(steps) else part.after, step, steps, weaken)
    if isinstance(part, Alternation):
        return _at(part.texts[step % len(part.texts)], step, steps, weaken)
    inside = _at(part.text, step, steps, weaken)
    return f"({inside}:{1 / 1.1:.3f})" if weaken else f"[{inside}]"


class _Reader:
    """Reads a prompt from left to right."""

    def __init__(self, prompt: str) -> None:
        self._prompt = prompt
        self._at = 0

    def whole(self) -> Text:
        parts: list[Part] = []
        while self._at < len(self._prompt):
            (text,), _ = self._fields("", 0)
            parts += text
            if self._at < len(self._prompt):  # a bracket that closes nothing
                parts.append(self._prompt[self._at])
                self._at += 1
        return _merged(parts)

    def _fields(self, separators: str, depth: int) -> tuple[list[list[Part]], str]:
        """Texts up to a closing bracket or the end, and the signs between them. Round brackets hide what is in them."""
        if depth > DEEPEST:
            raise PromptError(f"The prompt nests square brackets more than {DEEPEST} deep. Close some of them.")
        fields: list[list[Part]] = [[]]
        signs, round_depth = "", 0
        while self._at < len(self._prompt):
            sign = _SIGN.search(self._prompt, self._at)
            end = sign.start() if sign else len(self._prompt)
            fields[-1].append(self._prompt[self._at : end])
            self._at = end
            if sign is None or sign[0] == "]":
                break
            if sign[0] == "[":
                fields[-1].append(self._group(depth))
                continue
            round_depth = max(0, round_depth + {"(": 1, ")": -1}.get(sign[0], 0))
            self._at = sign.end()
            if sign[0] in separators and not round_depth:
                signs += sign[0]
                fields.append([])
            else:
                fields[-1].append(sign[0][1] if depth and len(sign[0]) == 2 and sign[0][1] in "[]|:" else sign[0])
        return fields, signs

    def _group(self, depth: int) -> Part:
        """What stands from an opening bracket to its closing one."""
        start = self._at
        self._at += 1
        fields, signs = self._fields("|:", depth + 1)
        if self._at >= len(self._prompt):  # never closed: the bracket is a sign, and what follows is read again
            self._at = start + 1
            return "["
        self._at += 1
        if signs and set(signs) == {"|"}:
            return Alternation(tuple(_merged(field) for field in fields))
        if signs in (":", "::"):
            number = _NUMBER.fullmatch("".join(part if isinstance(part, str) else "[" for part in fields[-1]))
            if number is not None:
                before = _merged(fields[0]) if len(fields) == 3 else ()
                when = float(number[1])
                return Switch(before, _merged(fields[-2]), when, "." in number[1] or when < 1)
        parts: list[Part] = list(fields[0])
        for sign, field in zip(signs, fields[1:], strict=True):
            parts += [sign, *field]
        return Weak(_merged(parts))


def _merged(parts: Sequence[Part]) -> Text:
    """The same with neighbouring texts joined and empty ones left out."""
    merged: list[Part] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part:
            merged.append(part)
    return tuple(merged)


def boundary(step: int, steps: int) -> float:
    """The share of the denoising that lies between the step before `step` and it, where steps are evenly spaced.

    It is right both for schedulers that end a step before the end (`normal`: step k at k / (steps - 1)) and for those
    that do not (`simple`, `sgm_uniform`: k / steps).
    """
    if step <= 0:
        return 0.0
    if step >= steps:
        return 1.0
    return math.fsum(((step - 1) / max(steps - 1, 1), step / steps)) / 2
