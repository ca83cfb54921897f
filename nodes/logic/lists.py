"""Lists on wires: made, counted, cut, put in order and combined. What follows a list runs once for each item."""

import random
from collections.abc import Sequence
from itertools import chain
from typing import Annotated, Any, Literal, NamedTuple

from execution.fields import Default, ForceInput, Help, Multiline, Name, Range, Seed
from execution.node import NodeInputError, node

LONGEST = 100_000  # items of a list that a node makes of numbers or pairs

Part = Annotated[
    list[Any] | None, Help("A value, or a list whose items are added. What a gate has stopped is left out.")
]
Items = Annotated[list[Any], Help("The list.")]
Bound = Annotated[float, Range(-1e12, 1e12, step=0.1, round=False)]


class Numbers(NamedTuple):
    """Numbers in two forms."""

    INT: list[int]
    FLOAT: list[float]


class Pairs(NamedTuple):
    """Two lists of the same length."""

    a: Annotated[list[Any], Name("a")]
    b: Annotated[list[Any], Name("b")]


@node("WeftMakeList", category="logic/lists", display_name="Make list", takes_blocked=True)
def make_list(
    *,
    value_1: Part = None,
    value_2: Part = None,
    value_3: Part = None,
    value_4: Part = None,
    value_5: Part = None,
    value_6: Part = None,
    value_7: Part = None,
    value_8: Part = None,
) -> Annotated[list[Any], Name("list")]:
    """One list of up to eight values or lists, in their order. For more, connect lists to another one."""
    parts = (value_1, value_2, value_3, value_4, value_5, value_6, value_7, value_8)
    return list(chain.from_iterable(part for part in parts if part is not None))


@node("WeftNumbersByStep", category="logic/lists", display_name="Numbers by step")
def numbers_by_step(
    *,
    first: Annotated[Bound, Help("The first number.")] = 1.0,
    last: Annotated[Bound, Help("Where the numbers end; it is one of them if the steps meet it.")] = 4.0,
    step: Annotated[Bound, Help("From one number to the next; below 0: downwards.")] = 1.0,
) -> Numbers:
    """Numbers from one to another: 1, 2, 3, 4."""
    if step == 0:
        raise NodeInputError("step", "With a step of 0 there is no end. Give another step.")
    count = int((last - first) / step + 1e-9) + 1 if (last - first) / step >= 0 else 0
    return _numbers([first + step * place for place in range(_bounded(count, "step"))])


@node("WeftNumbersEvenly", category="logic/lists", display_name="Numbers evenly spaced")
def numbers_evenly(
    *,
    first: Annotated[Bound, Help("The first number.")] = 0.0,
    last: Annotated[Bound, Help("The last number.")] = 1.0,
    count: Annotated[int, Range(1, LONGEST), Help("How many numbers there are.")] = 5,
) -> Numbers:
    """A number of numbers with equal distances: 0, 0.25, 0.5, 0.75, 1."""
    gaps = max(count - 1, 1)
    return _numbers([first + (last - first) * place / gaps for place in range(_bounded(count, "count"))])


@node("WeftListFromText", category="logic/lists", display_name="List from text")
def list_from_text(
    *,
    text: Annotated[str, Multiline(), Help("The text that is divided.")],
    divided_at: Annotated[Literal["lines", "commas", "semicolons", "blank lines"], Help("Where it is.")] = "lines",
    keep_empty: Annotated[bool, Help("Whether empty items stay.")] = False,
) -> Annotated[list[str], Name("list")]:
    """The lines of a text, or what stands between its commas, as a list of texts without white space around them."""
    return divided(text, divided_at, keep_empty=keep_empty)


@node("WeftListLength", category="logic/lists", display_name="List length")
def list_length(*, items: Items) -> Annotated[int, Name("length")]:
    """How many items a list has."""
    return len(items)


@node("WeftListItem", category="logic/lists", display_name="List item")
def list_item(
    *, items: Items, index: Annotated[list[int], Default(0), Help("Which item: 0 is the first, -1 the last.")]
) -> Annotated[list[Any], Name("item")]:
    """An item of a list, by its place; with a list of places, the items there."""
    for place in index:
        if not -len(items) <= place < len(items):
            raise NodeInputError(
                "index",
                f"The list has {len(items)} items, so there is no item {place}. "
                + (f"Choose 0 to {len(items) - 1}." if items else "Connect a list with items."),
            )
    return [items[place] for place in index]


@node("WeftListPart", category="logic/lists", display_name="Part of list")
def list_part(
    *,
    items: Items,
    start: Annotated[list[int], Default(0), Help("The first item that is taken: 0 is the first, -1 the last.")],
    count: Annotated[list[int], Default(0), Range(0, LONGEST), Help("How many are taken at most; 0: all that follow.")],
    step: Annotated[list[int], Default(1), Range(1, LONGEST), Help("2 takes every second one.")],
) -> Annotated[list[Any], Name("list")]:
    """Some items of a list."""
    if step[0] < 1:
        raise NodeInputError("step", f"A step of {step[0]} leads nowhere. Use 1 or more.")
    taken = items[start[0] :: step[0]]
    return taken[: count[0]] if count[0] > 0 else taken


@node("WeftListOrder", category="logic/lists", display_name="Order list")
def list_order(
    *,
    items: Items,
    order: Annotated[
        list[Literal["reversed", "shuffled", "ascending", "descending"]], Help("Shuffled is decided by the seed.")
    ],
    seed: Annotated[list[int], Seed(), Default(0), Help("The same number shuffles the same way.")],
) -> Annotated[list[Any], Name("list")]:
    """A list in another order."""
    if order[0] == "reversed":
        return items[::-1]
    if order[0] == "shuffled":
        return random.Random(seed[0]).sample(items, len(items))
    try:
        return sorted(items, reverse=order[0] == "descending")
    except (TypeError, RuntimeError, ValueError) as error:
        raise NodeInputError("items", "These items have no order. Connect numbers alone or texts alone.") from error


@node("WeftJoinTexts", category="logic/lists", display_name="Join texts")
def join_texts(
    *,
    texts: Annotated[list[Any], Help("The texts, or numbers.")],
    separator: Annotated[list[str], Default(", "), Help("What stands between two; \\n is a new line.")],
) -> Annotated[str, Name("text")]:
    """One text of a list of texts."""
    return separator[0].replace("\\n", "\n").join(str(text) for text in texts)


@node("WeftPairs", category="logic/lists", display_name="Combine lists")
def pairs(
    *,
    a: Annotated[list[Any], Help("The first list: the rows of a grid.")],
    b: Annotated[list[Any], Help("The second list: the columns of a grid.")],
    combine: Annotated[
        list[Literal["every a with every b", "side by side"]],
        Help("Every pair, b changing fastest; or first with first, second with second, as far as both go."),
    ],
) -> Pairs:
    """Two lists made ready to go together, item by item: all pairs of them, or one after the other."""
    if combine[0] == "side by side":
        count = min(len(a), len(b))
        return Pairs(a[:count], b[:count])
    _bounded(len(a) * len(b), "a")
    return Pairs([one for one in a for _ in b], [other for _ in a for other in b])


@node("WeftRepeat", category="logic/lists", display_name="Repeat value")
def repeat(
    *,
    value: Annotated[Any, ForceInput(), Help("Anything.")],
    count: Annotated[int, Range(0, LONGEST), Help("How often it stands in the list.")] = 2,
) -> Annotated[list[Any], Name("list")]:
    """A list that holds a value several times."""
    return [value] * _bounded(count, "count")


def divided(text: str, at: str, *, keep_empty: bool) -> list[str]:
    """The parts of a text without white space around them."""
    if at == "lines":
        parts: Sequence[str] = text.splitlines()
    elif at == "blank lines":
        parts = _blocks(text)
    else:
        parts = text.split({"commas": ",", "semicolons": ";"}[at])
    stripped = [part.strip() for part in parts]
    return [part for part in stripped if part or keep_empty]


def _blocks(text: str) -> list[str]:
    blocks: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.strip():
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    return ["\n".join(block) for block in blocks]


def _numbers(values: list[float]) -> Numbers:
    tidy = [round(value, 10) for value in values]  # 0.1 + 0.2 is 0.3 to people
    return Numbers([round(value) for value in tidy], tidy)


def _bounded(count: int, name: str) -> int:
    if count > LONGEST:
        raise NodeInputError(name, f"That makes a list of {count} items; {LONGEST} are the most. Make it shorter.")
    return count
