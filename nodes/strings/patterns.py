"""Regular expressions, which are stopped when they search for too long."""

from collections.abc import Callable
from typing import Annotated, Literal, TypeVar

import regex

from execution.fields import Help, Multiline, Name, Optional, Range
from execution.node import NodeInputError, node

LONGEST = 10.0  # seconds of one search: some patterns would take longer than anybody lives

ResultT = TypeVar("ResultT")

Text = Annotated[str, Multiline(), Help("The text that is searched.")]
Pattern = Annotated[str, Multiline(), Help("A regular expression as Python writes them, such as (\\w+)-(\\d+).")]
CaseInsensitive = Annotated[bool, Help("Whether A and a are the same.")]
Lines = Annotated[bool, Help("Whether ^ and $ also stand for the ends of each line.")]
DotAll = Annotated[bool, Help("Whether . also stands for the end of a line.")]


@node("RegexMatch", category="utils/string", display_name="Regex Match")
def regex_match(
    *,
    string: Text,
    regex_pattern: Pattern,
    case_insensitive: CaseInsensitive = True,
    multiline: Lines = False,
    dotall: DotAll = False,
) -> Annotated[bool, Name("matches")]:
    """Whether a regular expression is found in a text."""
    flags = _flags(case_insensitive, multiline, dotall)
    return _searched(lambda: regex.search(regex_pattern, string, flags=flags, timeout=LONGEST) is not None)


@node("RegexExtract", category="utils/string", display_name="Regex Extract")
def regex_extract(
    *,
    string: Text,
    regex_pattern: Pattern,
    mode: Annotated[
        Literal["First Match", "All Matches", "First Group", "All Groups"],
        Help("What is taken: whole matches or what one group holds, the first or all, each on its own line."),
    ],
    case_insensitive: CaseInsensitive = True,
    multiline: Lines = False,
    dotall: DotAll = False,
    group_index: Annotated[int, Range(0, 100), Help("Which group; 0 is the whole match.")] = 1,
) -> str:
    """What a regular expression finds in a text; empty where it finds nothing."""
    flags = _flags(case_insensitive, multiline, dotall)

    def found() -> list[str]:
        matches = regex.finditer(regex_pattern, string, flags=flags, timeout=LONGEST)
        if mode == "All Matches":  # with groups the first one is what counts as the match
            return [(match.groups() or (match.group(),))[0] or "" for match in matches]
        group = 0 if mode == "First Match" else group_index
        return [match.group(group) or "" for match in matches if group <= len(match.groups())]

    texts = _searched(found)
    return "\n".join(texts if mode.startswith("All") else texts[:1])


@node("RegexReplace", category="utils/string", display_name="Regex Replace")
def regex_replace(
    *,
    string: Text,
    regex_pattern: Pattern,
    replace: Annotated[str, Multiline(), Help("What stands there then; \\1 is what the first group holds.")],
    case_insensitive: Annotated[CaseInsensitive, Optional()] = True,
    multiline: Annotated[Lines, Optional()] = False,
    dotall: Annotated[DotAll, Optional()] = False,
    count: Annotated[int, Range(0, 100), Optional(), Help("How many are replaced at most; 0: all.")] = 0,
) -> str:
    """A text with what a regular expression finds replaced."""
    flags = _flags(case_insensitive, multiline, dotall)
    return _searched(lambda: regex.sub(regex_pattern, replace, string, count=count, flags=flags, timeout=LONGEST))


def _flags(case_insensitive: bool, multiline: bool, dotall: bool) -> int:
    chosen = {regex.IGNORECASE: case_insensitive, regex.MULTILINE: multiline, regex.DOTALL: dotall}
    return sum(int(flag) for flag, is_set in chosen.items() if is_set)


def _searched(search: Callable[[], ResultT]) -> ResultT:
    """What `search` gives.

    Raises:
        NodeInputError: the pattern is none, or takes too long.
    """
    try:
        return search()
    except regex.error as error:
        raise NodeInputError("regex_pattern", f"This is no regular expression: {error}. Mend it there.") from error
    except TimeoutError as error:
        raise NodeInputError(
            "regex_pattern",
            f"This regular expression was still searching after {LONGEST:.0f} seconds. Write it without repetitions "
            "inside of repetitions, such as (a+)+.",
        ) from error
