"""The names most like one that is not there, as a person would look for them: by words first, then letter by letter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

SHOWN = 5
COMPARED = 20  # names that are compared letter by letter, which is slow
ASKED = 200  # names that are looked for; what is missing beyond them gets no suggestions
LONGEST = 200  # characters of a name that count
WORDS = re.compile(r"[a-z]+|\d+")


class Nearest:
    """Looks for names in lists; a list is taken apart once, under its key."""

    def __init__(self) -> None:
        self._lists: dict[str, list[tuple[str, str, frozenset[str]]]] = {}
        self._answers: dict[tuple[str, str], list[str]] = {}

    def names(self, key: str, wanted: str, known: Sequence[str]) -> list[str]:
        """At most five of `known`, the best match first. The first list given under a key counts."""
        question = (key, wanted)
        if question not in self._answers:
            if len(self._answers) >= ASKED:
                return []
            if key not in self._lists:
                self._lists[key] = [(name, *_taken_apart(name)) for name in known]
            self._answers[question] = _best(wanted, self._lists[key])
        return self._answers[question]


def _best(wanted: str, known: Iterable[tuple[str, str, frozenset[str]]]) -> list[str]:
    base, words = _taken_apart(wanted)

    def in_common(one: tuple[str, str, frozenset[str]]) -> tuple[bool, float]:
        _, other, others = one
        return other == base, len(words & others) / (len(words | others) or 1)

    likely = sorted(known, key=in_common, reverse=True)[:COMPARED]
    alike = SequenceMatcher(b=base, autojunk=False)

    def likeness(one: tuple[str, str, frozenset[str]]) -> tuple[bool, float]:
        same, share = in_common(one)
        alike.set_seq1(one[1])
        return same, share + alike.ratio()

    return [name for name, _, _ in sorted(likely, key=likeness, reverse=True)[:SHOWN]]


def _taken_apart(name: str) -> tuple[str, frozenset[str]]:
    """A file's own name in small letters and without its ending, and the words and numbers in it."""
    base = name.replace("\\", "/").rpartition("/")[2].casefold()[:LONGEST]
    stem = base.rpartition(".")[0] or base
    return stem, frozenset(WORDS.findall(stem))
