"""Texts joined, cut, compared and changed."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from execution.fields import Help, Multiline, Name
from execution.node import node

Text = Annotated[str, Multiline(), Help("The text.")]
CaseSensitive = Annotated[bool, Help("Whether A and a differ.")]
Index = Annotated[int, Help("A place in the text: 0 is before the first character, -1 before the last.")]

CASES: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {"UPPERCASE": str.upper, "lowercase": str.lower, "Capitalize": str.capitalize, "Title Case": str.title}
)
TRIMS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {"Both": str.strip, "Left": str.lstrip, "Right": str.rstrip}
)
COMPARISONS: Mapping[str, Callable[[str, str], bool]] = MappingProxyType(
    {"Starts With": str.startswith, "Ends With": str.endswith, "Equal": str.__eq__}
)


@node("StringConcatenate", category="utils/string", display_name="Concatenate")
def string_concatenate(
    *,
    string_a: Annotated[str, Multiline(), Help("The first text.")],
    string_b: Annotated[str, Multiline(), Help("The second text.")],
    delimiter: Annotated[str, Help("What stands between the two.")] = "",
) -> str:
    """Two texts one after the other."""
    return f"{string_a}{delimiter}{string_b}"


@node("StringSubstring", category="utils/string", display_name="Substring")
def string_substring(*, string: Text, start: Index, end: Index) -> str:
    """The part of a text from one place up to another."""
    return string[start:end]


@node("StringLength", category="utils/string", display_name="Length")
def string_length(*, string: Text) -> Annotated[int, Name("length")]:
    """How many characters a text has."""
    return len(string)


@node("CaseConverter", category="utils/string", display_name="Case Converter")
def case_converter(
    *,
    string: Text,
    mode: Annotated[Literal["UPPERCASE", "lowercase", "Capitalize", "Title Case"], Help("Which letters are large.")],
) -> str:
    """A text in large or small letters."""
    return CASES[mode](string)


@node("StringTrim", category="utils/string", display_name="Trim")
def string_trim(*, string: Text, mode: Annotated[Literal["Both", "Left", "Right"], Help("At which end.")]) -> str:
    """A text without the white space at its ends."""
    return TRIMS[mode](string)


@node("StringReplace", category="utils/string", display_name="Replace")
def string_replace(
    *,
    string: Text,
    find: Annotated[str, Multiline(), Help("What is replaced, wherever it stands.")],
    replace: Annotated[str, Multiline(), Help("What stands there then.")],
) -> str:
    """A text with every occurrence of one text replaced by another."""
    return string.replace(find, replace)


@node("StringContains", category="utils/string", display_name="Contains")
def string_contains(
    *,
    string: Text,
    substring: Annotated[str, Multiline(), Help("What is looked for.")],
    case_sensitive: CaseSensitive = True,
) -> Annotated[bool, Name("contains")]:
    """Whether a text holds another."""
    return substring in string if case_sensitive else substring.lower() in string.lower()


@node("StringCompare", category="utils/string", display_name="Compare")
def string_compare(
    *,
    string_a: Annotated[str, Multiline(), Help("The text that is judged.")],
    string_b: Annotated[str, Multiline(), Help("What it is compared with.")],
    mode: Annotated[Literal["Starts With", "Ends With", "Equal"], Help("What is asked of the first text.")],
    case_sensitive: CaseSensitive = True,
) -> bool:
    """Whether a text is, begins with or ends with another."""
    if not case_sensitive:
        string_a, string_b = string_a.lower(), string_b.lower()
    return COMPARISONS[mode](string_a, string_b)
