"""Texts with choices: `{a|b}` and `__name__`, which stands for a line of a file.

    {red|green|blue}           one of them
    {3::red|green}             red three times as often
    {2$$red|green|blue}        two different ones, with ", " between them
    {1-2$$ and $$red|green}    one or two, with " and " between them
    __colour__, __sub/colour__, __sub/*__     a line of wildcards/colour.txt, of a folder's, of all below it

Choices and wildcards nest, also in the files. `\\{`, `\\}` and `\\|` stand for the signs themselves.
"""

from __future__ import annotations

import difflib
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from models.prompting.errors import PromptError

DEEPEST = 30  # choices within choices and wildcards within wildcards
LONGEST = 100_000  # characters of a result
NAME = re.compile(r"__([^\s_](?:[^\n]*?[^\s_])??|[^\s_])__")
_SIGN = re.compile(rf"\\[{{|}}\\]|[{{|}}]|{NAME.pattern}")
_WEIGHT = re.compile(r"\s*(\d+\.?\d*|\.\d+)::")
_COUNT = re.compile(r"\s*(\d+)?(-)?(\d+)?\s*\$\$")

Entries = Mapping[str, Sequence[str]]
"""The lines of every wildcard, by its name."""


class WildcardNames:
    """Finds wildcards by name or by pattern, whatever the case of its letters."""

    def __init__(self, entries: Entries) -> None:
        self._entries = {name.lower(): lines for name, lines in entries.items()}

    def lines(self, name: str) -> Sequence[str]:
        """The lines of a wildcard.

        Raises:
            PromptError: there is none of that name.
        """
        wanted = name.lower().replace("\\", "/")
        if "*" in wanted:
            found = [line for known, lines in self._entries.items() if fnmatchcase(known, wanted) for line in lines]
        else:
            found = self._entries.get(wanted, ())
        if not found:
            like = difflib.get_close_matches(wanted, self._entries, 3, cutoff=0.4)
            hint = f"The nearest are {', '.join(like)}." if like else f"There are {len(self._entries)} wildcards."
            raise PromptError(f"There is no wildcard __{name}__. {hint} Put {name}.txt into the folder wildcards.")
        return found


def resolve(text: str, entries: Entries, seed: int) -> str:
    """The text with one choice made everywhere; the same seed makes the same choices.

    Raises:
        PromptError: a wildcard is not known, wildcards name each other in a circle, or the result is too long.
    """
    return _Resolver(WildcardNames(entries), random.Random(seed)).text(text, 0)


@dataclass(frozen=True)
class _Resolver:
    names: WildcardNames
    chance: random.Random

    def text(self, text: str, depth: int) -> str:
        """One result of a text."""
        if depth > DEEPEST:
            raise PromptError(f"Choices or wildcards are nested more than {DEEPEST} deep; do some name each other?")
        result: list[str] = []
        at = length = 0
        while at < len(text):
            sign = _SIGN.search(text, at)
            end = sign.start() if sign else len(text)
            result.append(text[at:end])
            at = end
            if sign is not None:
                piece, at = self._piece(text, sign, depth)
                result.append(piece)
            length += len(result[-1])
            if length > LONGEST:
                raise PromptError(f"The text grows beyond {LONGEST} characters. Do its wildcards repeat themselves?")
        return "".join(result)

    def _piece(self, text: str, sign: re.Match[str], depth: int) -> tuple[str, int]:
        """What a sign stands for, and where the text goes on after it."""
        if sign[0].startswith("\\"):
            return sign[0][1:], sign.end()
        if sign[1]:
            return self.text(self._one(self.names.lines(sign[1])), depth + 1), sign.end()
        closing = _closing(text, sign.end()) if sign[0] == "{" else None
        if closing is None:
            return sign[0], sign.end()
        return self._chosen(text[sign.end() : closing], depth), closing + 1

    def _chosen(self, group: str, depth: int) -> str:
        """A choice among the alternatives of a group."""
        least, most, between, rest = _counted(group)
        options = list(_split(rest, "|"))
        alone = NAME.fullmatch(options[0].strip()) if len(options) == 1 and (least, most) != (1, 1) else None
        if alone is not None:
            options = list(self.names.lines(alone[1]))
        count = least + int(self.chance.random() * (most - least + 1))
        chosen: list[str] = []
        for _ in range(min(count, len(options))):
            index = self._index(options)
            chosen.append(self.text(_unweighted(options.pop(index)), depth + 1))
        return between.join(one.strip() for one in chosen) if count != 1 else "".join(chosen)

    def _one(self, lines: Sequence[str]) -> str:
        return _unweighted(lines[self._index(lines)])

    def _index(self, options: Sequence[str]) -> int:
        """Which option, by their weights; made of one random number, so that it stays the same in all versions."""
        weights = [float(found[1]) if (found := _WEIGHT.match(option)) else 1.0 for option in options]
        point = self.chance.random() * sum(weights)
        for index, weight in enumerate(weights):
            point -= weight
            if point < 0:
                return index
        return len(options) - 1


def _unweighted(option: str) -> str:
    return _WEIGHT.sub("", option, count=1) if _WEIGHT.match(option) else option


def _counted(group: str) -> tuple[int, int, str, str]:
    """(least, most, what stands between, the alternatives) of a group."""
    found = _COUNT.match(group)
    if found is None or not (found[1] or found[3]):
        return 1, 1, "", group
    least = int(found[1] or 0)
    most = int(found[3]) if found[3] else (len(list(_split(group, "|"))) if found[2] else least)
    rest = group[found.end() :]
    parts = rest.split("$$", 1)
    between, rest = (parts[0], parts[1]) if len(parts) == 2 else (", ", rest)
    return min(least, most), max(least, most), between, rest


def _closing(text: str, start: int) -> int | None:
    """Where the brace closes that was opened before `start`."""
    depth = 1
    for sign in re.finditer(r"\\.|[{}]", text[start:]):
        depth += {"{": 1, "}": -1}.get(sign[0], 0)
        if not depth:
            return start + sign.start()
    return None


def _split(text: str, separator: str) -> Iterator[str]:
    """The parts between separators that stand in no brace."""
    depth = begin = 0
    for sign in re.finditer(r"\\.|[{}|]", text):
        depth += {"{": 1, "}": -1}.get(sign[0], 0)
        if sign[0] == separator and not depth:
            yield text[begin : sign.start()]
            begin = sign.end()
    yield text[begin:]
